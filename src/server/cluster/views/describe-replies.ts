// CLUSTER SLOTS, SHARDS and LINKS as data (cluster-node.md 6.2). Not here: their reply format (commands/cluster/reports.ts).
import type { EndpointType } from '../state/cluster-config.js';
import { NodeFlag } from '../state/flags.js';
import type { Link, NodeRecord } from '../state/node-record.js';
import { SLOTS } from '../wire/constants.js';
import type { ClusterState } from '../state/state.js';

/** The endpoint of a node for clients; null: unknown, the client uses the address it connected to. */
export function preferredEndpoint(node: NodeRecord, type: EndpointType): string | null {
  if (type === 'ip') return node.ip;
  if (type === 'hostname') return node.hostname === '' ? '?' : node.hostname;
  return null;
}

export interface SlotsNode {
  readonly endpoint: string | null;
  readonly port: number;
  readonly id: string;
  /** Name, value, name, value… */
  readonly metadata: readonly string[];
}

export interface SlotsEntry {
  readonly start: number;
  readonly end: number;
  /** The master first. */
  readonly nodes: readonly SlotsNode[];
}

/** CLUSTER SLOTS: neighbouring slots of one owner in one entry, ascending. */
export function describeSlots(state: ClusterState): SlotsEntry[] {
  const entries: SlotsEntry[] = [];
  const byOwner = new Map<NodeRecord, SlotsNode[]>();
  for (let start = 0; start < SLOTS; ) {
    const owner = state.slots.owner(start);
    let end = start;
    while (end + 1 < SLOTS && state.slots.owner(end + 1) === owner) end++;
    if (owner !== null) {
      let nodes = byOwner.get(owner);
      if (nodes === undefined) byOwner.set(owner, (nodes = nodesOf(state, owner)));
      entries.push({ start, end, nodes });
    }
    start = end + 1;
  }
  return entries;
}

/** A master and those of its replicas that can serve: not FAIL, and known to have data. */
function nodesOf(state: ClusterState, master: NodeRecord): SlotsNode[] {
  const replicas = master.replicas.filter((node) => !node.has(NodeFlag.fail) && offsetOf(state, node) !== 0);
  return [master, ...replicas].map((node) => slotsNode(node, state.env.settings.preferredEndpointType));
}

function slotsNode(node: NodeRecord, type: EndpointType): SlotsNode {
  const metadata: string[] = [];
  if (type !== 'ip') metadata.push('ip', node.ip);
  if (type !== 'hostname' && node.hostname !== '') metadata.push('hostname', node.hostname);
  return { endpoint: preferredEndpoint(node, type), port: node.port, id: node.id, metadata };
}

function offsetOf(state: ClusterState, node: NodeRecord): number {
  return node === state.myself ? state.env.replOffset() : node.replOffset;
}

export interface ShardNode {
  readonly id: string;
  readonly port: number;
  readonly ip: string;
  readonly endpoint: string;
  readonly hostname: string;
  readonly role: 'master' | 'replica';
  readonly offset: number;
  readonly health: 'online' | 'loading' | 'fail';
}

export interface Shard {
  /** start, end, start, end… */
  readonly slots: readonly number[];
  readonly nodes: readonly ShardNode[];
}

/** CLUSTER SHARDS as in 7.0: one entry per known master, followed by its replicas. */
export function describeShards(state: ClusterState): Shard[] {
  return state.nodes
    .filter((node) => node.isMaster && !node.inHandshake)
    .map((master) => ({
      slots: master.slots.ranges.flat(),
      nodes: [master, ...master.replicas].map((node) => shardNode(state, node)),
    }));
}

function shardNode(state: ClusterState, node: NodeRecord): ShardNode {
  const offset = offsetOf(state, node);
  const loading = node.isReplica && offset === 0;
  return {
    id: node.id,
    port: node.port,
    ip: node.ip,
    endpoint: preferredEndpoint(node, state.env.settings.preferredEndpointType) ?? '',
    hostname: node.hostname,
    role: node.isMaster ? 'master' : 'replica',
    offset,
    health: node.has(NodeFlag.fail) ? 'fail' : loading ? 'loading' : 'online',
  };
}

export interface LinkDescription {
  readonly direction: 'to' | 'from';
  readonly node: string;
  readonly createTime: number;
  readonly events: 'r' | 'rw';
  readonly queuedBytes: number;
}

/** CLUSTER LINKS: for each node its outbound link, then its inbound one. */
export function describeLinks(state: ClusterState): LinkDescription[] {
  const links: LinkDescription[] = [];
  for (const node of state.nodes) {
    if (node.link !== null) links.push(describeLink(node.link, node));
    if (node.inboundLink !== null) links.push(describeLink(node.inboundLink, node));
  }
  return links;
}

function describeLink(link: Link, node: NodeRecord): LinkDescription {
  return {
    direction: link.inbound ? 'from' : 'to',
    node: node.id,
    createTime: link.createdAt,
    events: link.queuedBytes > 0 ? 'rw' : 'r',
    queuedBytes: link.queuedBytes,
  };
}
