import type { IncomingMessage } from 'node:http';
import { BlockList, isIP, isIPv4, isIPv6 } from 'node:net';
import type { Logger } from 'pino';

/** Who sent a request, as far as it can be known. */
export interface Sender {
  /** The address of the caller itself; null without a socket, as in tests. */
  readonly address: string | null;
  /** Whether the caller spoke HTTPS, here or to a trusted proxy. */
  readonly secure: boolean;
}

export type TrustedProxies = (address: string) => boolean;

/** The proxies whose X-Forwarded headers are believed: addresses and networks, as the configuration has checked them. */
export function createTrustedProxies(networks: readonly string[]): TrustedProxies {
  const list = new BlockList();
  for (const network of networks) {
    const [address = '', bits] = network.split('/');
    const family = isIPv6(address) ? 'ipv6' : 'ipv4';
    if (bits === undefined) list.addAddress(address, family);
    else list.addSubnet(address, Number(bits), family);
  }
  return (address) => list.check(address, isIPv6(address) ? 'ipv6' : 'ipv4');
}

/** Tells once of a forwarded header that is not believed: without it all who come through that proxy are one address. */
export function createForwardedWarning(trusts: TrustedProxies, logger: Logger) {
  let told = false;
  return ({ socket, headers }: Pick<IncomingMessage, 'socket' | 'headers'>): void => {
    if (told || headers['x-forwarded-for'] === undefined) return;
    const peer = plainAddress(socket.remoteAddress ?? '');
    if (peer === null || trusts(peer)) return;
    told = true;
    logger.warn(
      { code: 'FORWARDED_BY_UNTRUSTED', peer },
      'X-Forwarded-For came from an address that is not in TRUSTED_PROXIES and is not believed: if it is your proxy, name it there, else all callers behind it count as one',
    );
  };
}

/**
 * Who sent a request. Forwarded headers are believed as far as trusted proxies wrote them: anybody can send one, so the
 * chain is followed from its near end, and its first address that is no trusted proxy is the caller.
 */
export function senderOf({ socket, headers }: Pick<IncomingMessage, 'socket' | 'headers'>, trusts: TrustedProxies): Sender {
  const peer = plainAddress(socket.remoteAddress ?? '');
  const encrypted = 'encrypted' in socket && socket.encrypted === true;
  if (peer === null || !trusts(peer)) return { address: peer, secure: encrypted };
  const protocol = listOf(headers['x-forwarded-proto']).at(-1)?.toLowerCase();
  return { address: followed(peer, listOf(headers['x-forwarded-for']), trusts), secure: encrypted || protocol === 'https' };
}

function followed(peer: string, chain: string[], trusts: TrustedProxies): string {
  let address = peer;
  while (trusts(address)) {
    const next = plainAddress(chain.pop() ?? '');
    if (next === null) break;
    address = next;
  }
  return address;
}

/** The parts of a header that proxies append to; several headers of the name are one list. */
function listOf(header: string | string[] | undefined): string[] {
  return [header ?? []].flat().join(',').split(',').map((part) => part.trim());
}

/** One form for each address: no port, no brackets, and the old form for what is one; null for what is none. */
function plainAddress(text: string): string | null {
  const bare = /^\[([^\]]+)\](?::\d+)?$/.exec(text)?.[1] ?? /^([\d.]+):\d+$/.exec(text)?.[1] ?? text;
  const mapped = /^::ffff:([\d.]+)$/i.exec(bare)?.[1] ?? bare;
  if (isIPv4(mapped)) return mapped;
  if (isIP(bare) !== 6) return null;
  const shortest = new URL(`http://[${bare.replace(/%.*$/, '')}]`).hostname.slice(1, -1);
  const [high, low] = /^::ffff:([\da-f]{1,4}):([\da-f]{1,4})$/.exec(shortest)?.slice(1).map((part) => Number.parseInt(part, 16)) ?? [];
  return high === undefined || low === undefined ? shortest : [high >> 8, high & 255, low >> 8, low & 255].join('.');
}
