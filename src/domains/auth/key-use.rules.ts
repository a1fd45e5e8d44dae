import { BlockList, isIPv6 } from 'node:net';
import { AppError, ForbiddenError } from '../../kernel/errors.ts';

/** From where, and by whom, a key may be used. An empty list allows every place. */
export interface KeyRules {
  /** Networks in CIDR notation, as the database holds them. */
  readonly allowedNetworks: readonly string[];
  /** Origins of web pages, as browsers send them. */
  readonly allowedOrigins: readonly string[];
  readonly requireSecondFactor: boolean;
  /** Whether its owner has a second factor that was confirmed. */
  readonly ownerSecondFactor: boolean;
}

/** Where a key is used from, as far as it is known. */
export interface UsedFrom {
  /** The network address of the caller, in the one form that the server gives to each. */
  readonly address: string | null;
  /** The Origin header: a browser says in it whose page is asking, and a program what it likes. */
  readonly origin: string | null;
}

/** Why a key is refused at this place. */
export interface KeyRefusal {
  /** For the log of the organization. */
  readonly reason: 'FORBIDDEN_NETWORK' | 'FORBIDDEN_ORIGIN' | 'SECOND_FACTOR_REQUIRED';
  /** For the caller. */
  readonly error: AppError;
}

/**
 * Whether a key that opens the door may do so from here: null when it may. What is not known of the caller is not on a
 * list, so a key that is bound to networks or origins is refused without an address or an Origin header.
 */
export function checkUse(rules: KeyRules, from: UsedFrom): KeyRefusal | null {
  if (rules.allowedNetworks.length > 0 && !isWithin(rules.allowedNetworks, from.address)) {
    const text = 'This API key may not be used from this network address.';
    return { reason: 'FORBIDDEN_NETWORK', error: new ForbiddenError(text) };
  }
  if (rules.allowedOrigins.length > 0 && (from.origin === null || !rules.allowedOrigins.includes(from.origin))) {
    const text = 'This API key may only be used by pages of the origins that it is for.';
    return { reason: 'FORBIDDEN_ORIGIN', error: new ForbiddenError(text) };
  }
  if (rules.requireSecondFactor && !rules.ownerSecondFactor) {
    const text = 'The owner of this API key has to set up a second factor first.';
    return { reason: 'SECOND_FACTOR_REQUIRED', error: new AppError('SECOND_FACTOR_REQUIRED', text) };
  }
  return null;
}

/** Made once for each list: a remembered key is asked about at every request. */
const compiled = new WeakMap<readonly string[], BlockList>();

function isWithin(networks: readonly string[], address: string | null): boolean {
  if (address === null) return false;
  let list = compiled.get(networks);
  if (!list) compiled.set(networks, (list = compile(networks)));
  return list.check(address, isIPv6(address) ? 'ipv6' : 'ipv4');
}

function compile(networks: readonly string[]): BlockList {
  const list = new BlockList();
  for (const network of networks) {
    const [address = '', bits] = network.split('/');
    list.addSubnet(address, Number(bits), isIPv6(address) ? 'ipv6' : 'ipv4');
  }
  return list;
}
