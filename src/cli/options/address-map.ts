// --address-map: from announced addresses to reachable ones (NAT, containers, port forwarding, tunnels). Pure. Nodes still get
// the announced addresses of each other.
import { isHost, parseAddress, type Address } from '../../cluster/address.js';
import { usageError } from './options.js';

interface Rule {
  readonly text: string;
  /** undefined: any host. */
  readonly host: string | undefined;
  /** undefined: any port. */
  readonly port: number | undefined;
  readonly to: { readonly host: string; readonly port: number | undefined };
}

/**
 * Reads `HOST`, `HOST:PORT`, `[::1]:7000`, `*`, `*:PORT`; a host without brackets and with several colons is an IPv6 address.
 * Undefined for anything else.
 */
export function parseAddressPattern(text: string): { host: string; port: number | undefined } | undefined {
  if (text === '*') return { host: text, port: undefined };
  if (text.startsWith('*:')) {
    const any = parseAddressPattern(`any${text.slice(1)}`);
    return any && { ...any, host: '*' };
  }
  const bare = text.replace(/^\[([^\]]*)\]$/, '$1');
  if (bare !== '' && (!text.includes(':') || bare !== text || /^[^[\]]*:[^[\]]*:/.test(text))) return isHost(bare) ? { host: bare, port: undefined } : undefined;
  try {
    return parseAddress(text);
  } catch {
    return undefined;
  }
}

function rule(text: string): Rule {
  const equals = text.indexOf('=');
  const from = parseAddressPattern(text.slice(0, Math.max(0, equals)));
  const to = parseAddressPattern(text.slice(equals + 1));
  if (equals < 1 || from === undefined || to === undefined) {
    throw usageError(`--address-map takes ANNOUNCED=REACHABLE, not "${text}"`, 'for example 10.0.0.1:6379=127.0.0.1:7001 for one node, 10.0.0.1=203.0.113.5 for a host, *=127.0.0.1 for all');
  }
  return { text, host: from.host === '*' ? undefined : from.host.toLowerCase(), port: from.port, to };
}

function applies({ host, port }: Rule, announced: Address): boolean {
  return (host === undefined || host === announced.host.toLowerCase()) && (port === undefined || port === announced.port);
}

/** The rules that apply to none of these addresses. Throws usage errors. */
export function unusedRules(rules: readonly string[], announced: readonly Address[]): readonly string[] {
  return rules.map(rule).filter((one) => !announced.some((address) => applies(one, address))).map(({ text }) => text);
}

/**
 * The most specific rule applies: host and port, host, `*` with a port, `*`. Addresses without a rule are unchanged. Throws
 * usage errors.
 */
export function parseAddressMap(rules: readonly string[]): (announced: Address) => Address {
  const rank = ({ host, port }: Rule): number => (host === undefined ? 0 : 2) + (port === undefined ? 0 : 1);
  const sorted = rules.map(rule).sort((a, b) => rank(b) - rank(a));
  return (announced) => {
    const found = sorted.find((one) => applies(one, announced));
    return found === undefined ? announced : { host: found.to.host, port: found.to.port ?? announced.port };
  };
}
