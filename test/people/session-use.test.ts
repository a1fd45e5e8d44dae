import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Account, MINUTE_MS, openSigningIn, outcomeOf, type SigningIn } from './signing-in.ts';

let world: SigningIn;
beforeAll(async () => {
  world = await openSigningIn();
});
afterAll(() => world?.close());

const LIST = '{ viewer { sessions { current lastUsedAt } } }';
const RENEW = 'mutation ($input: RefreshSessionInput!) { refreshSession(input: $input) { ... on RefreshSessionSuccess { accessToken } } }';

/** When the sessions of a person were last used, in minutes of now: the one that asks first. */
async function used(as: string): Promise<number[]> {
  const { data } = await world.call(LIST, {}, { as });
  const sessions = data.viewer.sessions as { current: boolean; lastUsedAt: string }[];
  return sessions.sort((one, other) => Number(other.current) - Number(one.current)).map(({ lastUsedAt }) => (Date.parse(lastUsedAt) - world.now().getTime()) / MINUTE_MS);
}

const open = async (person: Account, proof: object): Promise<{ accessToken: string; refreshToken: string }> =>
  (await world.complete(await world.challengeOf(person), proof)).data.completeSignIn;

test('whoever looks for a stolen session sees when each was carried on, by the clock of the server, whatever the others have done', async () => {
  const person = await world.guarded();
  await world.sql('UPDATE iam.sessions SET ended_at = now() WHERE user_id = $1', person.userId);
  world.pass(MINUTE_MS);
  const stolen = await open(person, { recoveryCode: person.recoveryCodes[0]! });
  world.pass(MINUTE_MS);
  const own = await open(person, { recoveryCode: person.recoveryCodes[1]! });
  expect(await used(own.accessToken)).toEqual([0, -1]);

  world.pass(5 * MINUTE_MS);
  expect(outcomeOf(await world.stepUp(own.accessToken, { code: person.code() }))).toBe('StepUpSuccess');
  expect(await used(own.accessToken)).toEqual([-5, -6]);
  expect(outcomeOf(await world.call('mutation { disableTotp { __typename } }', {}, { as: own.accessToken }))).toBe('DisableTotpSuccess');
  expect(await used(own.accessToken)).toEqual([-5, -6]);

  await world.call(RENEW, { input: { refreshToken: stolen.refreshToken } });
  world.pass(MINUTE_MS);
  expect(await used(own.accessToken)).toEqual([-6, -1]);
});
