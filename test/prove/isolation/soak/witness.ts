import { fromGlobalId } from '../../../../src/kernel/ids.ts';
import type { Leak } from '../part.ts';
import { markersIn } from './marker.ts';
import type { SoakTenant } from './tenants.ts';

/** Looks at everything that comes back, and remembers whose each id is. */
export interface Witness {
  /** @param where what was asked for. @param text the whole answer. */
  look(tenant: SoakTenant, where: string, text: string, body: unknown): void;
  report(where: string, what: string): void;
  /** Every row that was met: its UUID and the tenant that was given it. */
  readonly owners: ReadonlyMap<string, SoakTenant>;
  readonly leaks: readonly Leak[];
  rows(): number;
}

/** More would bury what the first ones say. */
const mostLeaks = 50;

type Fields = Readonly<Record<string, unknown>>;

const isRow = (value: Fields): value is Fields & { id: string } => typeof value['id'] === 'string' && fromGlobalId(value['id']) !== null;

/** The fields of a row that can hold its tenant's marker: its own, not those of the rows in it. */
const ownText = (fields: Fields): string => {
  const own = Object.entries(fields).filter(([name, value]) => typeof value === 'string' || name === 'input' || name === 'definition');
  return JSON.stringify(own);
};

function* rowsIn(value: unknown): Generator<Fields & { id: string }> {
  if (Array.isArray(value)) {
    for (const inner of value) yield* rowsIn(inner);
  } else if (typeof value === 'object' && value !== null) {
    const fields = value as Fields;
    if (isRow(fields)) yield fields;
    for (const inner of Object.values(fields)) yield* rowsIn(inner);
  }
}

export function createWitness(): Witness {
  const owners = new Map<string, SoakTenant>();
  const leaks: Leak[] = [];
  let rows = 0;
  const report = (where: string, what: string): void => {
    if (leaks.length < mostLeaks) leaks.push({ where, what });
  };

  const claim = (tenant: SoakTenant, where: string, id: string): void => {
    const uuid = fromGlobalId(id)?.uuid ?? id;
    const owner = owners.get(uuid) ?? tenant;
    owners.set(uuid, owner);
    if (owner !== tenant) report(where, `${id} was given to ${tenant.marker} and to ${owner.marker}`);
  };

  return {
    look(tenant, where, text, body) {
      const foreign = markersIn(text).find((marker) => marker !== tenant.marker);
      if (foreign !== undefined) report(where, `${tenant.marker} was given something of ${foreign}`);
      for (const row of rowsIn(body)) {
        rows += 1;
        claim(tenant, where, row.id);
        // Without it, whose the row is could not be seen: a mistake in the soak, not in what it looks at.
        if (markersIn(ownText(row)).length === 0) throw new Error(`${where} asks for ${row.id} without a field that holds the marker`);
      }
    },
    report,
    owners,
    leaks,
    rows: () => rows,
  };
}
