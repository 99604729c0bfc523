// The credentials of each node: the same everywhere, or the node's own (cli.md 5.7). A node has several addresses, so rules are
// looked up by all of them, and finally by resolved names. Not here: config files.
import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import type { Address } from '../cluster/address.js';
import type { NodeCredentials } from './migrate-command.js';

/** Credentials of the node with any of these addresses; undefined: those of the cluster. `{}`: none. */
export type CredentialsOf = (addresses: readonly Address[]) => Promise<NodeCredentials | undefined>;

/** How to log in to the nodes of a cluster. */
export interface ClusterAccess extends NodeCredentials {
  /** Nodes with their own credentials. */
  readonly credentialsOf?: CredentialsOf;
}

/** Credentials of one node, or of all nodes of a host. */
export interface CredentialRule {
  readonly host: string;
  /** undefined: all ports. */
  readonly port: number | undefined;
  readonly credentials: NodeCredentials;
}

/** From a host name to its IP addresses; empty when it cannot be resolved. */
export type Resolver = (host: string) => Promise<readonly string[]>;

async function resolve(host: string): Promise<readonly string[]> {
  return (await lookup(host, { all: true }).catch(() => [])).map(({ address }) => address);
}

/** Only the credential fields of a larger object. */
export function credentialsIn({ username, password, origin }: NodeCredentials): NodeCredentials {
  return { ...(username === undefined ? {} : { username }), ...(password === undefined ? {} : { password }), ...(origin === undefined ? {} : { origin }) };
}

/** The credentials for the node with these addresses. */
export async function credentialsFor(access: ClusterAccess, addresses: readonly Address[]): Promise<NodeCredentials> {
  return credentialsIn((await access.credentialsOf?.(addresses)) ?? access);
}

/**
 * Rules as a lookup. A rule with a port precedes one without, an earlier address a later one, and a literal match a resolved
 * name. Names are resolved once, and only when nothing else matches.
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
  return async (addresses) => {
    for (const address of addresses) {
      const found = byText(address);
      if (found !== undefined) return found;
    }
    for (const address of addresses) {
      const found = await byResolution(address);
      if (found !== undefined) return found;
    }
    return undefined;
  };
}
