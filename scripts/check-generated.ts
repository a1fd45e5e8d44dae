import { staleFiles } from './generated.ts';

// `npm run generated`: fails when schema.graphql or the SDK's types are not what the code would generate now.
const stale = await staleFiles();
if (stale.length > 0) {
  console.error(`Stale: ${stale.join(', ')}. Run \`npm run codegen\` and commit what it writes.`);
  process.exitCode = 1;
}
