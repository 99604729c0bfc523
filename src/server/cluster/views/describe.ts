// CLUSTER NODES, REPLICAS and INFO as text, from the state (cluster-node.md 5.1, 6.2). SLOTS, SHARDS and LINKS:
// describe-replies.ts.
import { MESSAGE_NAMES, SLOTS } from '../wire/constants.js';
import { flagsText, NodeFlag } from '../state/flags.js';
import type { NodeRecord } from '../state/node-record.js';
import type { ClusterState } from '../state/state.js';

/** One line of CLUSTER NODES or nodes.conf, without its newline. */
export function nodeLine(state: ClusterState, node: NodeRecord): string {
  const host = node.hostname === '' ? '' : `,${node.hostname}`;
  const link = node.link !== null || node === state.myself ? 'connected' : 'disconnected';
  const fields = [
    node.id,
    `${node.ip}:${node.port}@${node.cport}${host}`,
    flagsText(node.flags),
    node.master?.id ?? '-',
    node.pingSent,
    node.pongReceived,
    node.claimant.configEpoch,
    link,
    ...node.slots.ranges.map(([start, end]) => (start === end ? `${start}` : `${start}-${end}`)),
  ];
  if (node === state.myself) fields.push(...openSlots(state));
  return fields.join(' ');
}

/** Our open slots, ascending; one that is open both ways shows as migrating only. */
function openSlots(state: ClusterState): string[] {
  const { migrating, importing } = state.slots;
  const open = [...new Set([...migrating.keys(), ...importing.keys()])].sort((a, b) => a - b);
  return open.map((slot) => {
    const target = migrating.get(slot);
    return target ? `[${slot}->-${target.id}]` : `[${slot}-<-${importing.get(slot)?.id ?? ''}]`;
  });
}

/** The reply of CLUSTER NODES: every record, handshakes included. */
export function nodesText(state: ClusterState): string {
  return state.nodes.map((node) => `${nodeLine(state, node)}\n`).join('');
}

/** The reply of CLUSTER INFO. */
export function infoText(state: ClusterState): string {
  const count = (test: (node: NodeRecord) => boolean): number =>
    state.nodes.reduce((sum, node) => sum + (test(node) ? node.slots.count : 0), 0);
  const fail = count((node) => node.has(NodeFlag.fail));
  const pfail = count((node) => !node.has(NodeFlag.fail) && node.has(NodeFlag.pfail));
  const { assigned } = state.slots;
  const lines: [string, string | number][] = [
    ['cluster_state', state.ok ? 'ok' : 'fail'],
    ['cluster_slots_assigned', Math.min(assigned, SLOTS)],
    ['cluster_slots_ok', assigned - fail - pfail],
    ['cluster_slots_pfail', pfail],
    ['cluster_slots_fail', fail],
    ['cluster_known_nodes', state.nodes.length],
    ['cluster_size', state.size],
    ['cluster_current_epoch', state.currentEpoch],
    ['cluster_my_epoch', state.myself.claimant.configEpoch],
    ...messageCounts('sent', state.sent),
    ...messageCounts('received', state.received),
    ['total_cluster_links_buffer_limit_exceeded', state.linksOverLimit],
  ];
  return lines.map(([name, value]) => `${name}:${value}\r\n`).join('');
}

function messageCounts(direction: 'sent' | 'received', counts: readonly number[]): [string, number][] {
  const rows = MESSAGE_NAMES.map((name, type): [string, number] => [`cluster_stats_messages_${name}_${direction}`, counts[type] ?? 0]);
  const total = counts.reduce((sum, n) => sum + n, 0);
  return [...rows.filter(([, n]) => n > 0), [`cluster_stats_messages_${direction}`, total]];
}
