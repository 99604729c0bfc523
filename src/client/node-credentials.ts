// What to log in with at each node: the same everywhere, or something of a node's own (cli 5.7). Nodes are known by several
// addresses, so rules are looked up by all of them, and at last by what their names resolve to. Not here: config files.
import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import type { Address } from '../cluster/address.js';
import type { NodeCredentials } from './migrate-command.js';

/** Credentials for the node known by any of these addresses; undefined: those of the cluster. `{}`: none at all. */
export type CredentialsOf = (places: readonly Address[]) => Promise<NodeCredentials | undefined>;

/** How to get into the nodes of a cluster. */
export interface ClusterAccess extends NodeCredentials {
  /** Nodes with credentials of their own. */
  readonly credentialsOf?: CredentialsOf;
}

/** Credentials of one node, or of all nodes of a host. */
export interface CredentialRule {
  readonly host: string;
  /** undefined: all ports. */
  readonly port: number | undefined;
  readonly credentials: NodeCredentials;
}

/** From a host name to its IP addresses; none for one that cannot be resolved. */
export type Resolver = (host: string) => Promise<readonly string[]>;

async function resolve(host: string): Promise<readonly string[]> {
  return (await lookup(host, { all: true }).catch(() => [])).map(({ address }) => address);
}

/** The credentials alone, out of something larger. */
export function credentialsIn({ username, password, origin }: NodeCredentials): NodeCredentials {
  return { ...(username === undefined ? {} : { username }), ...(password === undefined ? {} : { password }), ...(origin === undefined ? {} : { origin }) };
}

/** What to log in with at the node that is known by these addresses. */
export async function credentialsFor(access: ClusterAccess, places: readonly Address[]): Promise<NodeCredentials> {
  return credentialsIn((await access.credentialsOf?.(places)) ?? access);
}

/**
 * Rules as a lookup. A rule with a port beats one without, the first address beats the next, and what was written beats
 * what names resolve to; names are only resolved when nothing else fits, each once.
 */
export function credentialRules(rules: readonly CredentialRule[], resolver: Resolver = resolve): CredentialsOf {
  const exact = rules.map((rule) => ({ ...rule, host: rule.host.toLowerCase() })).sort((a, b) => Number(a.port === undefined) - Number(b.port === undefined));
  const resolved = new Map<string, Promise<readonly string[]>>();
  const addressesOf = (host: string): Promise<readonly string[]> => {
    if (isIP(host) !== 0) return Promise.resolve([host]);
    const known = resolved.get(host) ?? resolver(host);
    resolved.set(host, known);
    return known;
  };
  const byText = ({ host, port }: Address): NodeCredentials | undefined =>
    exact.find((rule) => rule.host === host.toLowerCase() && (rule.port === undefined || rule.port === port))?.credentials;
  const byResolution = async ({ host, port }: Address): Promise<NodeCredentials | undefined> => {
    const own = await addressesOf(host.toLowerCase());
    for (const rule of exact) {
      if (rule.port !== undefined && rule.port !== port) continue;
      if ((await addressesOf(rule.host)).some((address) => own.includes(address))) return rule.credentials;
    }
    return undefined;
  };
  return async (places) => {
    for (const place of places) {
      const found = byText(place);
      if (found !== undefined) return found;
    }
    for (const place of places) {
      const found = await byResolution(place);
      if (found !== undefined) return found;
    }
    return undefined;
  };
}
