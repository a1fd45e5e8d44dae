import { isDeepStrictEqual } from 'node:util';
import { OperatorError } from '../src/kernel/operator-error.ts';
import { CASE_NAMES, type Case } from './cases.ts';
import type { Contender, Row, Subject } from './contenders/contender.ts';
import { post } from './load/post.ts';
import type { TenantWithCursor } from './load/subjects.ts';
import { readAs } from './truth.ts';

/** So many organizations are looked at. */
const CHECKED = 5;

/**
 * Asks everything once for several organizations and compares the answers with their rows; a workflow of another
 * organization must be unknown. Nothing is measured of a server that answers wrongly.
 *
 * @throws OperatorError that names the first wrong answer.
 */
export async function checkAnswers(contender: Contender, url: string, runtimeUrl: string, tenants: readonly TenantWithCursor[]): Promise<void> {
  const ask = async (kind: Case, subject: Subject): Promise<readonly Row[]> =>
    contender.rowsOf(kind, JSON.parse((await post(url, contender.request(kind, subject))).text));
  const wrong = (kind: Case, slug: string): never => {
    throw new OperatorError(`${contender.name} answers "${kind}" of ${slug} wrongly: it is not measured.`);
  };
  for (const [index, tenant] of tenants.slice(0, CHECKED).entries()) {
    const { organization, deepCursor } = tenant;
    const workflowId = tenant.workflowIds[index * 7]!;
    const subject: Subject = { organization, workflowId, deepCursor, newName: `Bench check ${organization.slug}` };
    for (const kind of CASE_NAMES.filter((each) => each !== 'create')) {
      const expected = kind === 'byId' ? [{ id: workflowId, name: tenant.nameOf(workflowId) }] : tenant.expected[kind];
      if (!isDeepStrictEqual(await ask(kind, subject), expected)) wrong(kind, organization.slug);
    }
    const foreign = tenants[(index + 1) % tenants.length]!.workflowIds[0]!;
    if ((await ask('byId', { ...subject, workflowId: foreign })).length > 0) wrong('byId', organization.slug);
    await checkCreated(await ask('create', subject), subject, runtimeUrl, tenants, () => wrong('create', organization.slug));
  }
}

/** What was created must be there, of this organization and of no other. */
async function checkCreated(rows: readonly Row[], subject: Subject, runtimeUrl: string, tenants: readonly TenantWithCursor[], fail: () => never): Promise<void> {
  const [row] = rows;
  if (rows.length !== 1 || row?.name !== subject.newName) return fail();
  for (const { organization } of tenants.slice(0, CHECKED)) {
    const found = await readAs(runtimeUrl, organization.id, `SELECT FROM workflow.workflows WHERE id = '${row.id}'`);
    if (found.length !== (organization.id === subject.organization.id ? 1 : 0)) fail();
  }
}
