import { builder } from '../builder.ts';

/** How the limits of the caller stood when the operation began, its own share taken. */
export interface ViewerRateLimit {
  readonly limit: number;
  readonly remaining: number;
  readonly resetAt: Date;
  readonly cost: CostBudget;
}

export interface CostBudget {
  readonly limit: number;
  readonly available: number;
  readonly restoreRate: number;
}

const CostBudgetType = builder.objectRef<CostBudget>('CostBudget').implement({
  description: 'The cost that a caller may spend. A unit is one object: a list costs its page size, a scalar nothing, and a look into the schema 100.',
  tenant: 'global',
  access: 'authenticated',
  fields: (t) => ({
    limit: t.exposeInt('limit', { description: 'How much can be saved up.' }),
    available: t.exposeInt('available', { description: 'How much is there now. What this operation asks for is taken, and not yet given back where it comes out as less.' }),
    restoreRate: t.exposeInt('restoreRate', { description: 'How much comes back each second.' }),
  }),
});

export const RateLimitType = builder.objectRef<ViewerRateLimit>('RateLimit').implement({
  description: 'How much the caller may still ask for. RATE_LIMITED, with `retryAfter` in seconds, when that is not enough.',
  tenant: 'global',
  access: 'authenticated',
  fields: (t) => ({
    limit: t.exposeInt('limit', { description: 'Root fields that the caller may ask for within an hour; each alias is one, and so is `__typename`.' }),
    remaining: t.exposeInt('remaining', { description: 'How many of them are left, those of this operation taken.' }),
    resetAt: t.expose('resetAt', { type: 'DateTime', description: 'When the hour is over and all of them are there again.' }),
    cost: t.field({ type: CostBudgetType, description: 'What may be spent on top of that, by the size of what is asked for.', resolve: ({ cost }) => cost }),
  }),
});
