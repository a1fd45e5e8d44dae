import { isIPv6 } from 'node:net';

/**
 * The network that an address stands for: of the newer kind of address everybody has a whole network, and its first four
 * groups are who it is. An unknown address is a network as well, which all unknown ones share.
 */
export function networkOf(address: string | null): string {
  if (address === null || !isIPv6(address)) return address ?? 'unknown';
  const [head = '', tail = ''] = address.split('::');
  const groups = (text: string): string[] => text.split(':').filter(Boolean);
  const missing = Array<string>(8 - groups(head).length - groups(tail).length).fill('0');
  return [...groups(head), ...missing, ...groups(tail)].slice(0, 4).join(':');
}
