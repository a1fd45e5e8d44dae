import { attackCursors } from '../attack/cursors.ts';
import { attackFilters } from '../attack/filters.ts';
import { createFindings } from '../attack/findings.ts';
import { withStrike } from '../attack/campaign.ts';
import type { Strike } from '../attack/strike.ts';
import type { Part } from '../part.ts';

/** Asks lists in every way for what is not in them. */
async function attackOracles(strike: Strike): Promise<void> {
  await attackFilters(strike);
  await attackCursors(strike);
}

export const oracles: Part = {
  name: 'oracles',
  guarantee: 'No filter, order, page size, count or cursor tells whether another organization has rows.',
  async run(context) {
    const findings = createFindings();
    await withStrike({}, context, findings, attackOracles);
    return findings.result();
  },
};
