import { defineConfig } from 'prisma/config';

// `prisma generate` asks for its schema engine and would download it, though generating needs none. Naming any
// executable spares the download; every other command of Prisma keeps its own engine.
if (process.argv.includes('generate')) process.env['PRISMA_SCHEMA_ENGINE_BINARY'] ??= process.execPath;

export default defineConfig({ schema: 'prisma/schema' });
