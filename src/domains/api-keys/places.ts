import { isIP } from 'node:net';

/** How many networks, and how many origins, a key may be bound to. */
export const MOST_PLACES = 50;

/**
 * A network in the one form in which it is kept; an address alone is the network of that address. Null for what is none:
 * also when bits beyond the prefix are set, because then nobody can tell which network was meant, and for an old address
 * in the form of a new one, because no caller is known by such an address.
 */
export function networkIn(text: string): string | null {
  const [, address = '', length] = /^([\da-f:.]{2,45})(?:\/(\d{1,3}))?$/i.exec(text) ?? [];
  const version = isIP(address);
  if (version === 0) return null;
  const width = widthOf(version);
  const bits = length === undefined ? width : Number(length);
  const shortest = version === 4 ? address : new URL(`http://[${address}]`).hostname.slice(1, -1);
  if (bits > width || shortest.startsWith('::ffff:')) return null;
  return valueOf(shortest, version) % (1n << BigInt(width - bits)) === 0n ? `${shortest}/${bits}` : null;
}

/** @param address in its shortest form. */
function valueOf(address: string, version: number): bigint {
  return version === 4 ? numberOf(address.split('.'), 10, 8n) : numberOf(groupsOf(address), 16, 16n);
}

/** The eight groups of an address that may leave out zeros. */
function groupsOf(address: string): string[] {
  const [head = [], tail = []] = address.split('::').map((part) => part.split(':').filter(Boolean));
  return [...head, ...Array<string>(8 - head.length - tail.length).fill('0'), ...tail];
}

function numberOf(parts: readonly string[], radix: number, bits: bigint): bigint {
  return parts.reduce((sum, part) => (sum << bits) + BigInt(Number.parseInt(part, radix)), 0n);
}

/** Whether every caller of one network, as `networkIn` gives it, is a caller of one of the others. */
export function liesWithin(network: string, others: readonly string[]): boolean {
  const inner = rangeOf(network);
  return others.map(rangeOf).some(({ version, first, last }) => version === inner.version && first <= inner.first && inner.last <= last);
}

/** The numbers of the first and the last address of a network. */
function rangeOf(network: string) {
  const [address = '', length] = network.split('/');
  const version = isIP(address);
  const first = valueOf(address, version);
  return { version, first, last: first + (1n << BigInt(widthOf(version) - Number(length))) - 1n };
}

const widthOf = (version: number): number => (version === 4 ? 32 : 128);

/** Whether a text is the origin of web pages, as browsers send it: a scheme, a host, a port that is not the usual one. */
export function isOrigin(text: string): boolean {
  return /^https?:/.test(text) && !text.includes('*') && URL.canParse(text) && new URL(text).origin === text;
}
