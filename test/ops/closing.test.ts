import { expect, test } from 'vitest';
import { withClient } from '../../src/platform/postgres/client.ts';
import { startTestApp } from '../harness/app.ts';
import { appointOperator, seedWorld } from '../harness/world.ts';

test('a mail server that holds up the end holds up nothing that has to be written: the uses of keys are written by then', async () => {
  const api = await startTestApp();
  const { keys } = await seedWorld(api, 'closing', (await appointOperator(api)).userId);
  const { rows } = await withClient(api.database.superuserUrl, (client) => client.query('SELECT count(last_used_at)::integer AS used FROM iam.api_keys'));
  expect(rows).toEqual([{ used: 0 }]);
  expect((await api.call('{ viewer { kind } }', {}, { as: keys.owner })).data.viewer.kind).toBe('API_KEY');
  const { mailer } = api.app;
  const { close } = mailer;
  let written: unknown;
  // What a server would find that never answers.
  const closeLate = async (): Promise<void> => {
    written ??= await withClient(api.database.superuserUrl, async (client) => (await client.query('SELECT count(last_used_at)::integer AS used FROM iam.api_keys')).rows);
    await close();
  };
  Object.assign(mailer, { close: closeLate });
  await api.close();
  expect(written).toEqual([{ used: 1 }]);
});
