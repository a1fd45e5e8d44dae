export type { EmbeddedDatabase, EmbeddedOptions } from './embedded-database.ts';
export { startEmbedded } from './start.ts';
