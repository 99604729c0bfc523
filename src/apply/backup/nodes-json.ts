// nodes.json of a backup: which node had which slots, in redis-cli's shape (cli 4.10). Pure.
import type { CheckReport } from '../../cluster/findings.js';
import type { ClusterNode, ClusterView } from '../../cluster/view.js';

export const MANIFEST = 'nodes.json';

/** `redis-node-HOST-PORT-ID.rdb`; colons of IPv6 addresses stay out of file names. */
export function rdbName(node: ClusterNode): string {
  return `redis-node-${node.host.replaceAll(':', '_')}-${node.port}-${node.id}.rdb`;
}

function open(slots: ReadonlyMap<number, string>): string {
  return `{${[...slots].map(([slot, id]) => `"${slot}": "${id}"`).join(',')}}`;
}

function object(node: ClusterNode, errors: number): string {
  const ranges = node.slots.ranges().map(([first, last]) => (first === last ? `[${first}]` : `[${first},${last}]`));
  const fields: (readonly [string, string])[] = [
    ['name', JSON.stringify(node.id)],
    ['host', JSON.stringify(node.host)],
    ['port', String(node.port)],
    ['replicate', JSON.stringify(node.masterId)],
    ['slots', `[${ranges.join(',')}]`],
    ['slots_count', String(node.slots.size)],
    ['flags', JSON.stringify(node.flags.join(','))],
    ['current_epoch', String(node.configEpoch)],
    ...(errors > 0 ? [['cluster_errors', String(errors)] as const] : []),
    ...(node.migrating.size > 0 ? [['migrating', open(node.migrating)] as const] : []),
    ...(node.importing.size > 0 ? [['importing', open(node.importing)] as const] : []),
  ];
  return `  {\n${fields.map(([name, value]) => `    "${name}": ${value}`).join(',\n')}\n  }`;
}

/** The whole file; no newline at its end, as the predecessors'. */
export function nodesJson(view: ClusterView, report: CheckReport): string {
  const errors = report.findings.filter(({ severity }) => severity === 'error').length;
  return `[\n${view.nodes.map((node) => object(node, errors)).join(',\n')}\n]`;
}

/** RDB files that an earlier backup of the same directory consists of. */
export function earlierFiles(manifest: string): string[] {
  try {
    const nodes = JSON.parse(manifest) as unknown;
    if (!Array.isArray(nodes)) return [];
    return (nodes as { name?: unknown; host?: unknown; port?: unknown }[]).flatMap(({ name, host, port }) =>
      typeof name === 'string' && typeof host === 'string' && typeof port === 'number' ? [`redis-node-${host.replaceAll(':', '_')}-${port}-${name}.rdb`] : [],
    );
  } catch {
    return []; // not ours
  }
}
