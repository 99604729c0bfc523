// Loads a cluster: the entry node first, then every node it knows, in parallel with a bound, each asked once (cli 2.1).
// Not here: judging the view (cluster/findings.ts), keeping it (open-cluster.ts).
import type { Address } from '../cluster/address.js';
import { formatAddress } from '../cluster/address.js';
import type { NodeLine } from '../cluster/nodes-text.js';
import { LineCache, parseNodesText } from '../cluster/nodes-text.js';
import type { ClusterNode, UnreachableNode } from '../cluster/view.js';
import { ClusterView } from '../cluster/view.js';
import type { Connection } from '../client/connection.js';
import { ConnectionLost, accessFailure } from '../client/connection-errors.js';
import { asString } from '../client/read-reply.js';
import { ExitCode, TribError } from '../errors.js';
import { ReplyError } from '../resp/reply.js';
import type { ClusterOptions } from './node-link.js';
import { NodeLink, dial } from './node-link.js';
import { mapBounded } from './parallel.js';

export interface LoadedCluster {
  readonly view: ClusterView;
  readonly links: ReadonlyMap<string, NodeLink>;
}

/** Links of an earlier load, to be used again instead of connecting anew. */
export type KnownLinks = ReadonlyMap<string, NodeLink>;

interface Account {
  readonly connection: Connection;
  /** The link whose connection was used again. */
  readonly link: NodeLink | undefined;
  readonly address: Address;
  readonly self: NodeLine;
  readonly lines: readonly NodeLine[];
}

function notACluster(address: Address): TribError {
  return new TribError('NOT_A_CLUSTER', `[ERR] Node ${formatAddress(address)} is not configured as a cluster node.`, {
    exitCode: ExitCode.unreachable,
    hint: 'start it with cluster-enabled yes, or give the address of a cluster node',
  });
}

/** Turns an error reply about access into a message with a hint; other errors stay as they are. */
function explain(address: Address, error: unknown): unknown {
  if (!(error instanceof ReplyError)) return error;
  if (/cluster support disabled/i.test(error.message)) return notACluster(address);
  return (
    accessFailure(address.host, address.port, error) ??
    new TribError(error.code, `Node ${formatAddress(address)} replied with error: ${error.message}`, { exitCode: ExitCode.unreachable, cause: error })
  );
}

/**
 * Connects to one node (or uses a link again) and takes its account of the cluster. `announced`: what the others call it.
 * Throws TribError: NOT_A_CLUSTER, NOAUTH, NOPERM, or what Connection.connect throws.
 */
export async function takeAccount(address: Address, options: ClusterOptions, cache: LineCache, link?: NodeLink, announced = address): Promise<Account> {
  const connection = await (link === undefined ? dial(address, options, announced) : link.connection());
  try {
    const signal = options.signal === undefined ? {} : { signal: options.signal };
    const [info, nodes] = await connection.pipeline([['INFO', 'cluster'], ['CLUSTER', 'NODES']], signal);
    if (info instanceof ReplyError && accessFailure(address.host, address.port, info)) throw info;
    if (typeof info === 'string' && !/^cluster_enabled:1\r?$/m.test(info)) throw notACluster(address);
    const lines = parseNodesText(asString(nodes), cache);
    const self = lines.find((line) => line.myself);
    if (self === undefined) throw new TribError('PROTOCOL', `CLUSTER NODES of ${formatAddress(address)} has no line about itself`, { exitCode: ExitCode.unreachable });
    return { connection, link, address, self, lines };
  } catch (error) {
    if (link === undefined) connection.close();
    throw explain(address, error);
  }
}

/** Seeds in turn until one answers; the error of the first is thrown when none does. */
async function enter(seeds: readonly Address[], options: ClusterOptions, cache: LineCache, known: KnownLinks): Promise<Account> {
  let first: unknown;
  for (const seed of seeds) {
    try {
      const link = [...known.values()].find((one) => formatAddress(one.address) === formatAddress(seed));
      return await takeAccount(seed, options, cache, link);
    } catch (error) {
      first ??= error;
      if (options.signal?.aborted === true) throw error;
    }
  }
  throw first ?? new TribError('NO_SEED', 'No node address given', { exitCode: ExitCode.usage });
}

interface Friend {
  readonly line: NodeLine;
  readonly account: Account | undefined;
  readonly reason: string;
  readonly refusal?: string;
  readonly mute?: boolean;
}

/** An address that can't be reached, or that the node's certificate doesn't know: the host name it announces may do (7.0). */
function byName(line: NodeLine, error: unknown, options: ClusterOptions, cache: LineCache): Promise<Account> {
  const noWay = error instanceof TribError && error.exitCode === ExitCode.unreachable && /^(E[A-Z]+|TIMEOUT|ERR_TLS_CERT_ALTNAME_INVALID)$/.test(error.code);
  if (!noWay || line.hostname === undefined) throw error;
  const named = { host: line.hostname, port: line.port };
  return takeAccount(options.addressMap?.(named) ?? named, options, cache, undefined, { host: line.host, port: line.port }).catch(() => {
    throw error;
  });
}

async function visit(line: NodeLine, options: ClusterOptions, cache: LineCache, known: KnownLinks): Promise<Friend> {
  const dropped = line.flags.find((flag) => flag === 'fail' || flag === 'noaddr');
  if (dropped !== undefined || line.host === '' || line.port === 0) return { line, account: undefined, reason: dropped ?? 'no address known' };
  const announced = { host: line.host, port: line.port };
  try {
    const before = known.get(line.id);
    const link = before !== undefined && formatAddress(before.announced) === formatAddress(announced) ? before : undefined;
    const account = await takeAccount(options.addressMap?.(announced) ?? announced, options, cache, link, announced).catch((error: unknown) => byName(line, error, options, cache));
    if (account.self.id === line.id) return { line, account, reason: '' };
    account.connection.close();
    return { line, account: undefined, reason: `${formatAddress(account.address)} answers as another node (${account.self.id})` };
  } catch (error) {
    if (options.signal?.aborted === true) throw error;
    const refusal = error instanceof TribError && error.cause instanceof ReplyError ? error.hint : undefined;
    return { line, account: undefined, reason: error instanceof Error ? error.message : String(error), ...(refusal === undefined ? {} : { refusal }), ...(isMute(error) ? { mute: true } : {}) };
  }
}

function isMute(error: unknown): boolean {
  return error instanceof ConnectionLost && error.code === 'TIMEOUT';
}

/** What the other nodes call the entry node: most of them, else itself, else what the user typed. */
function entryAddress(entry: Account, friends: readonly Friend[]): Address {
  const votes = new Map<string, number>();
  const addresses = new Map<string, Address>();
  for (const { account } of friends) {
    const line = account?.lines.find((one) => one.id === entry.self.id);
    if (line === undefined || line.host === '' || line.port === 0) continue;
    const text = formatAddress(line);
    votes.set(text, (votes.get(text) ?? 0) + 1);
    addresses.set(text, { host: line.host, port: line.port });
  }
  const [best] = [...votes].sort((a, b) => b[1] - a[1]);
  const voted = best === undefined ? undefined : addresses.get(best[0]);
  if (voted !== undefined) return voted;
  return entry.self.host === '' ? { host: entry.connection.remoteAddress, port: entry.address.port } : { host: entry.self.host, port: entry.self.port };
}

/** `seen`: the entry node's line about it; its flags count too (cli 2.1 step 4), its idea of the role does not. */
function clusterNode(account: Account, seen: NodeLine, announced: Address, name: string): ClusterNode {
  const { self, lines, address } = account;
  return {
    id: self.id,
    name,
    host: announced.host,
    port: announced.port,
    busPort: self.busPort ?? announced.port + 10_000,
    hostname: self.hostname,
    connectHost: address.host,
    connectPort: address.port,
    role: self.role,
    masterId: self.masterId,
    flags: [...new Set([...self.flags, ...seen.flags.filter((flag) => flag !== 'master' && flag !== 'slave')])],
    configEpoch: self.configEpoch,
    slots: self.slots,
    migrating: self.migrating,
    importing: self.importing,
    lines,
  };
}

function unreachable({ line, reason, refusal, mute }: Friend): UnreachableNode {
  const { id, role, masterId, flags, slots } = line;
  return { id, name: formatAddress(line), role, masterId, flags, slots, reason, ...(refusal === undefined ? {} : { refusal }), ...(mute === undefined ? {} : { mute }) };
}

/**
 * Loads the cluster behind the first seed that answers. Nodes that can't be loaded end up in `view.unreachable`; only
 * a failing entry node throws (see takeAccount). Nodes still in handshake are not part of the cluster yet.
 */
export async function loadCluster(seeds: readonly Address[], options: ClusterOptions, known: KnownLinks = new Map()): Promise<LoadedCluster> {
  const cache = new LineCache();
  const entry = await enter(seeds, options, cache, known);
  const others = entry.lines.filter((line) => !line.myself && !line.flags.includes('handshake'));
  const friends = await mapBounded(others, options.concurrency ?? 64, (line) => visit(line, options, cache, known));
  const links = new Map<string, NodeLink>();
  const add = (account: Account, seen: NodeLine, announced: Address, name: string): ClusterNode => {
    const node = clusterNode(account, seen, announced, name);
    const identity = { id: node.id, name, announced, busPort: node.busPort, address: account.address };
    links.set(node.id, account.link ?? new NodeLink(identity, options, account.connection));
    return node;
  };
  const nodes = [add(entry, entry.self, entryAddress(entry, friends), formatAddress(entry.address))];
  for (const { line, account } of friends) {
    if (account !== undefined) nodes.push(add(account, line, { host: line.host, port: line.port }, formatAddress(line)));
  }
  for (const [id, link] of known) if (links.get(id) !== link) link.close();
  return { view: new ClusterView(nodes, friends.filter((friend) => friend.account === undefined).map(unreachable)), links };
}
