import type { SentTo } from '../../domains/people/index.ts';
import { builder } from '../builder.ts';

/** The success of a mutation that sends a mail, or does not: the answer is the same. */
export function sentSuccess(name: string, description: string) {
  return builder.objectRef<SentTo>(name).implement({
    description,
    tenant: 'global',
    access: 'public',
    fields: (t) => ({ sentTo: t.expose('sentTo', { type: 'EmailAddress', description: 'The address that was given.' }) }),
  });
}
