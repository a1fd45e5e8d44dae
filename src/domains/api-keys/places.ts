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
  const width = version === 4 ? 32 : 128;
  const bits = length === undefined ? width : Number(length);
  const shortest = version === 4 ? address : new URL(`http://[${address}]`).hostname.slice(1, -1);
  if (bits > width || shortest.startsWith('::ffff:')) return null;
  const value = version === 4 ? numberOf(address.split('.'), 10, 8n) : numberOf(groupsOf(shortest), 16, 16n);
  return value % (1n << BigInt(width - bits)) === 0n ? `${shortest}/${bits}` : null;
}

/** The eight groups of an address that may leave out zeros. */
function groupsOf(address: string): string[] {
  const [head = [], tail = []] = address.split('::').map((part) => part.split(':').filter(Boolean));
  return [...head, ...Array<string>(8 - head.length - tail.length).fill('0'), ...tail];
}

function numberOf(parts: readonly string[], radix: number, bits: bigint): bigint {
  return parts.reduce((sum, part) => (sum << bits) + BigInt(Number.parseInt(part, radix)), 0n);
}

/** Whether a text is the origin of web pages, as browsers send it: a scheme, a host, a port that is not the usual one. */
export function isOrigin(text: string): boolean {
  return /^https?:/.test(text) && !text.includes('*') && URL.canParse(text) && new URL(text).origin === text;
}
