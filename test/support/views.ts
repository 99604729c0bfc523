// Cluster views built by hand, for planners and findings, without connections.
import type { NodeLine } from '../../src/cluster/nodes-text.js';
import { LineCache, parseNodesText } from '../../src/cluster/nodes-text.js';
import type { SlotRange } from '../../src/cluster/slot-set.js';
import type { ClusterNode, UnreachableNode } from '../../src/cluster/view.js';
import { ClusterView } from '../../src/cluster/view.js';

export interface NodeSketch {
  /** Slot tokens as in CLUSTER NODES: `0-5460 [93->-ID]`. */
  readonly slots?: string;
  /** Index of the master. */
  readonly replicaOf?: number;
  readonly flags?: string;
  readonly host?: string;
  readonly epoch?: number;
}

/** 40 hex digits that begin with the index. */
export function idOf(index: number): string {
  return index.toString(16).padStart(2, '0').padEnd(40, 'abcdef0123'.charAt(index % 10));
}

function line(sketches: readonly NodeSketch[], index: number, self: number): string {
  const node = sketches[index] ?? {};
  const role = node.replicaOf === undefined ? 'master' : 'slave';
  const flags = [index === self ? 'myself' : '', role, node.flags ?? ''].filter((flag) => flag !== '').join(',');
  const open = index === self ? (node.slots ?? '') : (node.slots ?? '').replace(/\s*\[[^\]]*\]/g, '');
  const master = node.replicaOf === undefined ? '-' : idOf(node.replicaOf);
  return `${idOf(index)} ${node.host ?? '127.0.0.1'}:${7000 + index}@${17000 + index} ${flags} ${master} 0 1 ${node.epoch ?? index + 1} connected ${open}`.trimEnd();
}

/** CLUSTER NODES of node `self`. */
export function nodesText(sketches: readonly NodeSketch[], self = 0): string {
  return sketches.map((_, index) => line(sketches, index, self)).join('\n') + '\n';
}

export function nodeFrom(lines: readonly NodeLine[]): ClusterNode {
  const self = lines.find((one) => one.myself);
  if (self === undefined) throw new Error('no line about itself');
  const { id, host, port, busPort, hostname, role, masterId, flags, configEpoch, slots, migrating, importing } = self;
  return { id, name: `${host}:${port}`, host, port, busPort: busPort ?? port + 10_000, hostname, connectHost: host, connectPort: port, role, masterId, flags, configEpoch, slots, migrating, importing, lines };
}

function absentLine({ id, name, role, masterId, flags, slots }: UnreachableNode): string {
  const words = [role === 'master' ? 'master' : 'slave', ...flags.filter((flag) => flag !== 'master' && flag !== 'slave')];
  return `${id} ${name}@17999 ${words.join(',')} ${masterId ?? '-'} 0 1 0 disconnected ${slots.tokens().join(' ')}`.trimEnd();
}

/** A view in which all nodes agree, also about unreachable ones. */
export function viewOf(sketches: readonly NodeSketch[], unreachable: readonly UnreachableNode[] = []): ClusterView {
  const absent = unreachable.map((node) => `${absentLine(node)}\n`).join('');
  const cache = new LineCache();
  return new ClusterView(sketches.map((_, index) => nodeFrom(parseNodesText(nodesText(sketches, index) + absent, cache))), unreachable);
}

/** Masters with so many slots each, one after the other. */
export function mastersOwning(counts: readonly number[]): ClusterView {
  let next = 0;
  return viewOf(
    counts.map((count) => {
      const range: SlotRange = [next, next + count - 1];
      next += count;
      return { slots: count === 0 ? '' : `${range[0]}-${range[1]}` };
    }),
  );
}
