import type { GraphQLContext } from '../context.ts';

interface GroupCount {
  readonly _count: { readonly _all: number };
}

/** Counts the children of many parents in one statement, for `totalCount` under a list. */
export function countChildren(model: 'task' | 'schedule' | 'workflowExecution' | 'workflowVersion' | 'taskExecution', parentKey: 'workflowId' | 'workflowStateId') {
  return async (context: GraphQLContext, orgId: string, parentIds: readonly string[]): Promise<number[]> => {
    const delegate = context.db[model] as unknown as { groupBy(query: object): Promise<(GroupCount & Record<string, string>)[]> };
    const groups = await delegate.groupBy({
      by: [parentKey],
      where: { orgId, [parentKey]: { in: [...parentIds] } },
      _count: { _all: true },
    });
    const counts = new Map(groups.map((group) => [group[parentKey], group._count._all]));
    return parentIds.map((id) => counts.get(id) ?? 0);
  };
}
