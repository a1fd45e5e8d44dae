import { CriticalityLevel, diff } from '@graphql-inspector/core';
import { buildSchema } from 'graphql';

/** What a client that was written for the schema `before` would stumble over in `after`, one sentence each. */
export async function breakingChanges(before: string, after: string): Promise<string[]> {
  const changes = await diff(buildSchema(before), buildSchema(after));
  const breaking = changes.filter(({ criticality }) => criticality.level === CriticalityLevel.Breaking);
  return breaking.map(({ message }) => message).toSorted();
}

/** Those that the list of declared changes does not have, word by word. */
export function undeclared(changes: readonly string[], declared: string): string[] {
  const lines = new Set(declared.split('\n').map((line) => line.replace(/^- /, '').trim()));
  return changes.filter((change) => !lines.has(change));
}
