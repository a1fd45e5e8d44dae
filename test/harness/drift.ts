import { readdir, readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { PrismaPg } from '@prisma/adapter-pg';
import {
  bindMigrationAwareSqlAdapterFactory,
  ColumnTypeEnum,
  type SqlDriverAdapter,
  type SqlMigrationAwareDriverAdapterFactory,
} from '@prisma/driver-adapter-utils';
import { withClient } from '../../src/platform/postgres/client.ts';

interface SchemaFile {
  readonly path: string;
  readonly content: string;
}

/** What is used of WebAssembly; its types come with those of browsers, which would let browser code into a server. */
interface WebAssemblyApi {
  Module: new (bytes: Uint8Array) => object;
  Instance: new (module: object, imports: object) => { exports: Record<string, () => void> };
}

interface SchemaEngine {
  diff(parameters: object): Promise<{ exitCode: number; stdout: string | null }>;
  free(): void;
}

type CreateEngine = (
  options: { datamodels: [string, string][] },
  log: () => void,
  adapter: object,
) => Promise<SchemaEngine>;

const schemaDir = fileURLToPath(new URL('../../prisma/schema/', import.meta.url));

/** PostgreSQL's one-byte "char", which its catalogue is full of; the adapter does not know it. */
const singleCharOid = 18;
const charOid = 1042;

const loadEngine = async (): Promise<CreateEngine> => {
  const glue = await import('@prisma/schema-engine-wasm/schema_engine_bg');
  const require = createRequire(import.meta.url);
  const bytes = await readFile(require.resolve('@prisma/schema-engine-wasm/schema_engine_bg').replace(/\.js$/, '.wasm'));
  const { Module, Instance } = (globalThis as unknown as { WebAssembly: WebAssemblyApi }).WebAssembly;
  const { exports } = new Instance(new Module(bytes), { './schema_engine_bg.js': glue });
  Object.assign(globalThis, { PRISMA_WASM_PANIC_REGISTRY: { set_message: () => undefined } });
  (glue as unknown as { __wbg_set_wasm(exports: object): void }).__wbg_set_wasm(exports);
  exports['__wbindgen_start']?.();
  return (options, log, adapter) => glue.SchemaEngine.new(options, log, adapter);
};

/** The module keeps its instance to itself and breaks when it is given a second one. */
let loaded: Promise<CreateEngine> | undefined;

type Field = { dataTypeID: number };
type Query = (...parameters: unknown[]) => Promise<{ fields?: Field[] }>;

/** Makes the adapter read the one-byte "char" as text. */
const readSingleChars = (adapter: SqlDriverAdapter): SqlDriverAdapter => {
  const { client } = adapter as unknown as { client: { query: Query } };
  const query = client.query.bind(client);
  let positions: number[] = [];
  client.query = async (...parameters) => {
    const result = await query(...parameters);
    const fields = result.fields ?? [];
    positions = fields.flatMap((field, index) => (field.dataTypeID === singleCharOid ? [index] : []));
    for (const index of positions) Object.assign(fields[index] ?? {}, { dataTypeID: charOid });
    return result;
  };
  const queryRaw = adapter.queryRaw.bind(adapter);
  adapter.queryRaw = async (parameters) => {
    const result = await queryRaw(parameters);
    for (const index of positions) result.columnTypes[index] = ColumnTypeEnum.Character;
    return result;
  };
  return adapter;
};

const adapterFor = (url: string): object => {
  const factory = new PrismaPg({ connectionString: url });
  const patched: SqlMigrationAwareDriverAdapterFactory = {
    provider: factory.provider,
    adapterName: factory.adapterName,
    connect: async () => readSingleChars(await factory.connect()),
    connectToShadowDb: async () => readSingleChars(await factory.connectToShadowDb()),
  };
  return bindMigrationAwareSqlAdapterFactory(patched);
};

const readSchema = async (): Promise<SchemaFile[]> => {
  const names = (await readdir(schemaDir)).filter((name) => name.endsWith('.prisma'));
  return Promise.all(
    names.map(async (name) => {
      const file = path.join(schemaDir, name);
      return { path: file, content: await readFile(file, 'utf8') };
    }),
  );
};

/**
 * Prisma cannot say ON DELETE SET NULL for one column of a composite key, so the models say NO ACTION where the
 * database does that. These keys are put in the models' form, and everything else about them is still compared.
 */
const writeKeysAsModels = `
  DO $$
  DECLARE
    key record;
  BEGIN
    FOR key IN
      SELECT conrelid::regclass AS tab, quote_ident(conname) AS name,
             regexp_replace(pg_get_constraintdef(oid), ' ON DELETE SET NULL \\([^)]*\\)', '') AS definition
        FROM pg_constraint WHERE contype = 'f' AND cardinality(confdelsetcols) > 0
    LOOP
      EXECUTE format('ALTER TABLE %s DROP CONSTRAINT %s, ADD CONSTRAINT %s %s', key.tab, key.name, key.name, key.definition);
    END LOOP;
  END $$`;

/**
 * The SQL that would make the database into what prisma/schema describes: empty when the two agree on columns, types,
 * nullability, defaults, keys and plain indexes. Checks, partial and expression indexes and policies are not compared.
 *
 * @param superuserUrl a database to be thrown away: it is changed for the comparison.
 */
export const schemaDrift = async (superuserUrl: string): Promise<string> => {
  await withClient(superuserUrl, (client) => client.query(writeKeysAsModels));
  const createEngine = await (loaded ??= loadEngine());
  const files = await readSchema();
  const datamodels = files.map((file): [string, string] => [file.path, file.content]);
  const engine = await createEngine({ datamodels }, () => undefined, adapterFor(superuserUrl));
  try {
    const { exitCode, stdout } = await engine.diff({
      from: { tag: 'schemaDatasource', files, configDir: schemaDir },
      to: { tag: 'schemaDatamodel', files },
      script: true,
      exitCode: true,
      filters: { externalTables: [], externalEnums: [] },
    });
    return exitCode === 0 ? '' : (stdout ?? 'a difference without words');
  } finally {
    engine.free();
  }
};
