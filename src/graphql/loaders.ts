import DataLoader from 'dataloader';
import { TenantViolationError } from '../kernel/errors.ts';

/** Loads the values of many keys of one tenant, in the order of the keys, in one statement. */
export type TenantBatch<Key, Value> = (orgId: string, keys: readonly Key[]) => Promise<readonly Value[]>;

interface TenantKey<Key> {
  readonly orgId: string;
  readonly key: Key;
}

/** The DataLoaders of one request. They live as long as it does: nothing loaded for one caller can reach another. */
export interface Loaders {
  /**
   * Loads one value through the loader of this name, made at its first use. The tenant is part of every key, and a batch
   * whose keys are not all of one tenant is refused: a loader that outlived its request by mistake still cannot mix.
   */
  load<Key, Value>(name: string, batch: TenantBatch<Key, Value>, orgId: string, key: Key): Promise<Value>;
}

export function createLoaders(): Loaders {
  const loaders = new Map<string, DataLoader<TenantKey<unknown>, unknown, string>>();
  return {
    load<Key, Value>(name: string, batch: TenantBatch<Key, Value>, orgId: string, key: Key): Promise<Value> {
      let loader = loaders.get(name);
      if (!loader) loaders.set(name, (loader = createTenantLoader(batch as TenantBatch<unknown, unknown>)));
      return loader.load({ orgId, key }) as Promise<Value>;
    },
  };
}

/** A DataLoader whose keys carry their tenant and whose batches are one tenant's. */
export function createTenantLoader<Key, Value>(
  batch: TenantBatch<Key, Value>,
): DataLoader<TenantKey<Key>, Value, string> {
  return new DataLoader<TenantKey<Key>, Value, string>(
    async (keys) => {
      const orgId = keys[0]?.orgId;
      if (orgId === undefined || keys.some((key) => key.orgId !== orgId)) {
        throw new TenantViolationError('one batch of a loader held keys of several organizations');
      }
      return batch(orgId, keys.map((key) => key.key));
    },
    // It batches and remembers nothing: a mutation in the same request may change what was counted.
    { cache: false },
  );
}
