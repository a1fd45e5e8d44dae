import { attackHeader } from '../attack/header.ts';
import { attackIds, proveIdsLive } from '../attack/ids.ts';
import { attackInputs } from '../attack/inputs.ts';
import { attackReads } from '../attack/reads.ts';
import { attackSubscriptions } from '../attack/subscriptions.ts';
import { createFindings } from '../attack/findings.ts';
import { withStrike } from '../attack/campaign.ts';
import type { Strike } from '../attack/strike.ts';
import type { Part } from '../part.ts';
import { reportUnattacked } from '../schema/coverage.ts';

/** Attacks everything that the schema has. */
async function attackCases(strike: Strike): Promise<void> {
  await attackReads(strike);
  await attackIds(strike);
  await attackHeader(strike);
  await attackInputs(strike);
  await attackSubscriptions(strike);
}

export const cases: Part = {
  name: 'cases',
  guarantee: "Every field, argument and input of the schema answers another organization's ids and texts like unknown ones, and changes none of its rows.",
  async run(context) {
    const findings = createFindings();
    await withStrike({}, context, findings, async (strike) => {
      await attackCases(strike);
      await proveIdsLive(strike);
      reportUnattacked(strike);
    });
    return findings.result();
  },
};
