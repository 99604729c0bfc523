// Which nodes the gossip section of a PING, PONG or MEET contains (cluster-node.md 1.8). Received gossip: gossip.ts.
import { NodeFlag } from '../state/flags.js';
import type { NodeRecord } from '../state/node-record.js';
import type { GossipEntry } from '../wire/packet.js';
import type { ClusterState } from '../state/state.js';

/** Entries for a packet to `receiver` (null: not known yet): a random tenth of the nodes, and all that are in PFAIL. */
export function selectGossip(state: ClusterState, receiver: NodeRecord | null): GossipEntry[] {
  const { nodes } = state;
  const mark = state.nextGossipMark();
  const entries: GossipEntry[] = [];
  let fresh = nodes.length - 2;
  const wanted = Math.min(Math.max(3, Math.floor(nodes.length / 10)), fresh);
  for (let attempts = wanted * 3; attempts > 0 && fresh > 0 && entries.length < wanted; attempts--) {
    const node = nodes[state.env.random.below(nodes.length)];
    // 7.4: the receiver needs no entry about itself.
    if (node === undefined || node === state.myself || node === receiver || node.has(NodeFlag.pfail)) continue;
    if (node.gossipMark === mark) continue;
    if (!belongsInGossip(node)) {
      node.gossipMark = mark;
      fresh--;
      continue;
    }
    node.gossipMark = mark;
    entries.push(entryOf(node));
    fresh--;
  }
  if (state.pfailCount > 0) appendSuspects(state, entries);
  return entries;
}

function belongsInGossip(node: NodeRecord): boolean {
  if ((node.flags & (NodeFlag.handshake | NodeFlag.noaddr)) !== 0) return false;
  return node.link !== null || node.slots.count > 0;
}

/** PFAIL must spread fast: adds all suspected nodes, up to their number at the last cron. */
function appendSuspects(state: ClusterState, entries: GossipEntry[]): void {
  let room = state.pfailCount;
  for (const node of state.nodes) {
    if (room === 0) return;
    if (!node.has(NodeFlag.pfail) || (node.flags & (NodeFlag.handshake | NodeFlag.noaddr)) !== 0) continue;
    entries.push(entryOf(node));
    room--;
  }
}

function entryOf(node: NodeRecord): GossipEntry {
  return {
    id: node.id,
    pingSent: Math.floor(node.pingSent / 1000),
    pongReceived: Math.floor(node.pongReceived / 1000),
    ip: node.ip,
    port: node.port,
    cport: node.cport,
    flags: node.flags,
    pport: node.pport,
  };
}
