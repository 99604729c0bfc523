// --address-map: from the addresses that nodes announce to those we reach them at (NAT, containers, port forwarding,
// tunnels). Pure. What is announced stays what nodes are told about each other.
import { parseAddress, type Address } from '../cluster/address.js';
import { usageError } from './options.js';

interface Rule {
  /** undefined: any host. */
  readonly host: string | undefined;
  /** undefined: any port. */
  readonly port: number | undefined;
  readonly to: { readonly host: string; readonly port: number | undefined };
}

/** `HOST`, `HOST:PORT`, `[::1]:7000`; a host without brackets that holds several colons is an IPv6 address. Undefined for anything else. */
export function parsePlace(text: string): { host: string; port: number | undefined } | undefined {
  const bare = text.replace(/^\[([^\]]*)\]$/, '$1');
  if (bare !== '' && (!text.includes(':') || bare !== text || /^[^[\]]*:[^[\]]*:/.test(text))) return { host: bare, port: undefined };
  try {
    return parseAddress(text);
  } catch {
    return undefined;
  }
}

function rule(text: string): Rule {
  const equals = text.indexOf('=');
  const from = parsePlace(text.slice(0, Math.max(0, equals)));
  const to = parsePlace(text.slice(equals + 1));
  if (equals < 1 || from === undefined || to === undefined) {
    throw usageError(`--address-map takes ANNOUNCED=REACHABLE, not "${text}"`, 'for example 10.0.0.1:6379=127.0.0.1:7001 for one node, 10.0.0.1=203.0.113.5 for a host, *=127.0.0.1 for all');
  }
  return { host: from.host === '*' ? undefined : from.host.toLowerCase(), port: from.port, to };
}

/** The most exact rule wins: host and port, host, `*` with a port, `*`. Addresses without a rule stay. Throws usage errors. */
export function parseAddressMap(rules: readonly string[]): (announced: Address) => Address {
  const rank = ({ host, port }: Rule): number => (host === undefined ? 0 : 2) + (port === undefined ? 0 : 1);
  const sorted = rules.map(rule).sort((a, b) => rank(b) - rank(a));
  return (announced) => {
    const found = sorted.find(({ host, port }) => (host === undefined || host === announced.host.toLowerCase()) && (port === undefined || port === announced.port));
    return found === undefined ? announced : { host: found.to.host, port: found.to.port ?? announced.port };
  };
}
