import type { FuzzRequest } from './requests.ts';

type Remembered = FuzzRequest & { readonly found: string };

/** Requests that were answered wrongly once, and what was wrong. Replayed before every fuzz. */
export const CORPUS: readonly [Remembered, ...Remembered[]] = [
  {
    found: 'the answer never came, because what was stored was taken for a promise',
    kind: 'valid',
    caller: 'owner',
    method: 'POST',
    search: '',
    headers: [['content-type', 'application/json']],
    body: JSON.stringify({
      query: 'mutation ($input: CreateScheduleInput!) { createSchedule(input: $input) { ... on CreateScheduleSuccess { schedule { input } } ... on Error { code } } }',
      variables: { input: { workflowId: '@workflow@', name: 'Then', cron: '0 0 * * *', input: { then: 1 } } },
    }),
  },
];
