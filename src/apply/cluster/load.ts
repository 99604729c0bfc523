// Loads a cluster: the entry node first, then every node that a visited node lists, in parallel with a limit (cli.md 2.1). Not
// here: the visits (visit-members.ts), judging the view (cluster/findings.ts), keeping it (open-cluster.ts).
import type { Address } from '../../cluster/address.js';
import { formatAddress } from '../../cluster/address.js';
import type { NodeLine } from '../../cluster/nodes-text.js';
import { LineCache } from '../../cluster/nodes-text.js';
import { SlotSet } from '../../cluster/slot-set.js';
import type { ClusterNode, UnreachableNode } from '../../cluster/view.js';
import { ClusterView } from '../../cluster/view.js';
import { ExitCode, TribError } from '../../errors.js';
import type { ClusterOptions } from '../node/node-link.js';
import { NodeLink } from '../node/node-link.js';
import { readNodeView, type NodeView } from './read-node-view.js';
import { isNodeView, visitMembers, type VisitFailure, type ClaimedMember } from './visit-members.js';

export interface LoadedCluster {
  readonly view: ClusterView;
  readonly links: ReadonlyMap<string, NodeLink>;
}

/** Links of an earlier load, reused instead of connecting again. */
export type KnownLinks = ReadonlyMap<string, NodeLink>;

/** Tries the seeds in order until one replies; throws the first seed's error when none does. */
async function enter(seeds: readonly Address[], options: ClusterOptions, cache: LineCache, known: KnownLinks): Promise<NodeView> {
  let first: unknown;
  for (const seed of seeds) {
    try {
      const link = [...known.values()].find((one) => formatAddress(one.address) === formatAddress(seed));
      return await readNodeView(seed, options, cache, link);
    } catch (error) {
      first ??= error;
      if (options.signal?.aborted === true) throw error;
    }
  }
  throw first ?? new TribError('NO_SEED', 'No node address given', { exitCode: ExitCode.usage });
}

/** The address of the entry node: the one most other nodes list, else its own, else the user's. */
function entryAddress(entry: NodeView, others: readonly NodeView[]): Address {
  const votes = new Map<string, number>();
  const addresses = new Map<string, Address>();
  for (const { lines } of others) {
    const line = lines.find((one) => one.id === entry.self.id);
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

/** `seen`: the line of the node that listed it first. Its flags count (cli.md 2.1 step 4), its role does not. */
function clusterNode(nodeView: NodeView, seen: NodeLine, announced: Address, name: string): ClusterNode {
  const { self, lines, address } = nodeView;
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

/** An unreachable node counts as a master with slots if any node lists it so, even if others list it as a replica or empty. */
function unreachable({ id, line: first, lines }: ClaimedMember, { reason, refusal, unresponsive, replied }: VisitFailure, covered: SlotSet): UnreachableNode {
  const line = lines.find(({ slots }) => slots.size > 0) ?? first;
  const slots = lines.reduce((all, one) => all.union(one.slots), new SlotSet()).difference(covered);
  const { role, masterId } = line;
  return { id, name: formatAddress(first), role, masterId, flags: first.flags, slots, reason, ...(refusal === undefined ? {} : { refusal }), ...(unresponsive === undefined ? {} : { unresponsive }), ...(replied === undefined ? {} : { replied }) };
}

/**
 * Loads the cluster behind the first seed that replies. Nodes that cannot be loaded are in `view.unreachable`; only a failing
 * entry node throws (see readNodeView). Nodes in handshake are not members yet.
 */
export async function loadCluster(seeds: readonly Address[], options: ClusterOptions, known: KnownLinks = new Map()): Promise<LoadedCluster> {
  const cache = new LineCache();
  const entry = await enter(seeds, options, cache, known);
  const { members, sharedIds } = await visitMembers(entry, options, cache, known);
  const links = new Map<string, NodeLink>();
  const add = (nodeView: NodeView, seen: NodeLine, announced: Address, name: string): ClusterNode => {
    const node = clusterNode(nodeView, seen, announced, name);
    const identity = { id: node.id, name, announced, busPort: node.busPort, address: nodeView.address };
    links.set(node.id, nodeView.link ?? new NodeLink(identity, options, nodeView.connection));
    return node;
  };
  const others = members.flatMap(({ outcome }) => (isNodeView(outcome) ? [outcome] : []));
  const nodes = [add(entry, entry.self, entryAddress(entry, others), formatAddress(entry.address))];
  for (const { line, outcome } of members) {
    if (isNodeView(outcome)) nodes.push(add(outcome, line, { host: line.host, port: line.port }, formatAddress(line)));
  }
  for (const [id, link] of known) if (links.get(id) !== link) link.close();
  const covered = nodes.reduce((all, node) => all.union(node.slots), new SlotSet());
  const absent = members.flatMap((member) => (isNodeView(member.outcome) ? [] : [unreachable(member, member.outcome, covered)]));
  return { view: new ClusterView(nodes, absent, undefined, sharedIds), links };
}
