import { writeFileSync } from 'node:fs';
import { printedSchema } from '../src/graphql/print.ts';

// `npm run schema`: writes schema.graphql anew. A test fails when the committed file differs.
writeFileSync(new URL('../schema.graphql', import.meta.url), printedSchema());
