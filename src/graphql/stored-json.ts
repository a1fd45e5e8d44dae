/**
 * A JSON value of a customer on its way into the answer. The executor takes every object with a `then` for a promise, and
 * a workflow's task may well have one: in this wrapper it meets none, and JSON.stringify writes the value alone.
 */
export class StoredJson {
  private readonly value: unknown;
  constructor(value: unknown) {
    this.value = value;
  }
  toJSON(): unknown {
    return this.value;
  }
}

/** The value of a nullable JSON column, wrapped. */
export function storedJson(value: unknown): StoredJson | null {
  return value === null ? null : new StoredJson(value);
}
