import { randomUUID } from 'node:crypto';
import { toGlobalId } from '../../../../src/kernel/ids.ts';
import { uuidIn } from '../worlds/callers.ts';
import { foreignId } from '../worlds/tenant-copy.ts';
import { foreignMarks } from './marks.ts';
import { ask, type Strike } from './strike.ts';

const QUESTION = { query: '{ organization { id name slug } viewer { role permissions organization { id name } } }', variables: {} };

/** Naming the other organization in the header is answered like naming one that does not exist. */
export async function attackHeader(strike: Strike): Promise<void> {
  const { arena, stage, findings } = strike;
  const foreign = foreignId(arena.world.organizationId);
  const pairs: [string, string][] = [
    [foreign, toGlobalId('Organization', randomUUID())],
    [uuidIn(foreign), randomUUID()],
    [`${foreign}!`, 'nonsense'],
  ];
  for (const caller of arena.callers.all) {
    for (const [named, unknown] of pairs) {
      const naming = (id: string) => ask(strike, stage.full, { ...caller, headers: { ...caller.headers, 'x-organization-id': id } }, QUESTION);
      const target = { positions: ['X-Organization-Id'], caller };
      const answer = await naming(named);
      findings.tried(target);
      findings.mustEqual(target, answer.text, (await naming(unknown)).text, 'the other organization and an unknown one');
      for (const mark of foreignMarks(answer.text, foreign, stage.full.ids.foreign)) findings.found(target, `the answer has ${mark}`);
    }
  }
  // That an operator of the platform works in an organization is written into its log.
  await stage.full.restore();
}
