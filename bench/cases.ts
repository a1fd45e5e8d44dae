/** What is asked of every contender. */
export const CASES = {
  byId: 'one workflow by its id',
  list: 'the first 20 workflows',
  nested: '20 workflows, each with 5 tasks and its author',
  deep: '50 workflows, behind 1,000 others',
  create: 'create a workflow of 5 tasks',
} as const;

export type Case = keyof typeof CASES;

export const CASE_NAMES = Object.keys(CASES) as Case[];

export const LIST_SIZE = 20;
export const NESTED_TASKS = 5;
export const DEEP_SIZE = 50;
/** So many rows are skipped before a deep page. */
export const DEEP_BEHIND = 1_000;
/** So many workflows must an organization have, so that there is a whole deep page. */
export const WORKFLOWS_NEEDED = DEEP_BEHIND + DEEP_SIZE + 50;
