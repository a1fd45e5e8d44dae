import { isIPv6 } from 'node:net';

/**
 * Whom an address belongs to, as far as it tells: of the newer kind of address a customer is given the first three groups
 * (/48) and makes 65,536 networks of them. For whom everybody has a fair part; an unknown address is one customer.
 */
export function networkOf(address: string | null): string {
  return firstGroups(address, 3);
}

/** The one network an address is in: of the newer kind its first four groups (/64), which a household has at least. */
export function subnetOf(address: string | null): string {
  return firstGroups(address, 4);
}

function firstGroups(address: string | null, count: number): string {
  if (address === null || !isIPv6(address)) return address ?? 'unknown';
  const [head = '', tail = ''] = address.split('::');
  const groups = (text: string): string[] => text.split(':').filter(Boolean);
  const missing = Array<string>(8 - groups(head).length - groups(tail).length).fill('0');
  return [...groups(head), ...missing, ...groups(tail)].slice(0, count).join(':');
}
