// The predecessors' lines about a whole cluster, which scripts parse: the info block and the node list (cli.md 4.1, 4.2). Pure:
// data in, lines out. The terms are theirs (master, slave).
import type { ClusterNode, ClusterView } from '../../cluster/view.js';
import { SLOT_COUNT } from '../../cluster/slots.js';
import type { LineDialect } from '../terminal.js';
import { wordingOf } from './dialect.js';

/** Keys of each master by id; an error text for a node that failed. */
export type KeyCounts = ReadonlyMap<string, number | string>;

/** One line per master, then the totals. A node without a key count ends the listing, as in redis-cli. */
export function infoLines(view: ClusterView, keys: KeyCounts): string[] {
  const lines: string[] = [];
  let total = 0;
  for (const node of view.masters) {
    const count = keys.get(node.id) ?? 'no answer';
    if (typeof count === 'string') return [...lines, `Node ${node.name} replied with error:`, count];
    total += count;
    lines.push(`${node.name} (${node.id.slice(0, 8)}...) -> ${count} keys | ${node.slots.size} slots | ${view.replicasOf(node.id).length} slaves.`);
  }
  const perSlot = Math.fround(total / SLOT_COUNT).toFixed(2);
  return [...lines, `[OK] ${total} keys in ${view.masters.length} masters.`, `${perSlot} keys per slot on average.`];
}

/** A node of the list: two or three lines, indented by `indent` blanks (4 in the reshard plan). */
export function nodeLines(view: ClusterView, node: ClusterNode, indent = 0, dialect: LineDialect = 'redis-cli'): string[] {
  const { ranges, countsNoReplicas, indentsAll } = wordingOf(dialect);
  const replicas = view.replicasOf(node.id).length;
  const letter = node.role === 'replica' ? 'S' : 'M';
  const flags = node.flags.filter((flag) => flag !== 'myself').join(',');
  const counted = replicas > 0 || (countsNoReplicas && node.role === 'master');
  const third = node.role === 'replica' && node.masterId !== null ? [`   replicates ${node.masterId}`] : counted ? [`   ${replicas} additional replica(s)`] : [];
  const lines = [`${letter}: ${node.id} ${node.name}`, `   slots:${ranges(node.slots)} (${node.slots.size} slots) ${flags}`, ...third];
  return lines.map((line, at) => (at === 0 || indentsAll ? ' '.repeat(indent) : '') + line);
}

/** All nodes in node order. */
export function nodeListLines(view: ClusterView, dialect: LineDialect = 'redis-cli'): string[] {
  return view.nodes.flatMap((node) => nodeLines(view, node, 0, dialect));
}
