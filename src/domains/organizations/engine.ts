/** A namespace of the workflow engine: what an organization's workflows run in. */
export interface Namespace {
  readonly orgId: string;
  /** Its name on the engine, stored with the organization and never worked out again. */
  readonly namespace: string;
}

/**
 * What the engine that runs workflows has to do for an organization to begin, and to end. Both are asked for again until
 * they have succeeded, by several processes at once if need be: what is there already, or gone already, is a success.
 */
export interface ProvisioningEngine {
  /** @throws when the namespace is not ready: the caller tries again. */
  ensureNamespace(namespace: Namespace, signal: AbortSignal): Promise<void>;
  /** @throws when the engine may still hold it. */
  retireNamespace(namespace: Namespace, signal: AbortSignal): Promise<void>;
}
