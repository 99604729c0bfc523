// nodes.json of a backup: the nodes and their slots, in redis-cli's format (cli.md 4.10). Pure.
import type { CheckReport } from '../../cluster/findings.js';
import type { ClusterNode, ClusterView } from '../../cluster/view.js';

export const MANIFEST = 'nodes.json';

/**
 * `redis-node-HOST-PORT-ID.rdb`. Only characters of host names are kept, because nodes announce arbitrary text: no colon of an
 * IPv6 address and no path separator may get into the file name.
 */
export function rdbName({ host, port, id }: Pick<ClusterNode, 'host' | 'port' | 'id'>): string {
  return `redis-node-${host.replace(/[^A-Za-z0-9._-]/g, '_').slice(0, 120)}-${port}-${id}.rdb`;
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

/** The whole file, without a newline at its end, as redis-cli writes it. */
export function nodesJson(view: ClusterView, report: CheckReport): string {
  const errors = report.findings.filter(({ severity }) => severity === 'error').length;
  return `[\n${view.nodes.map((node) => object(node, errors)).join(',\n')}\n]`;
}

/** The RDB files of an earlier backup in the same directory. */
export function earlierFiles(manifest: string): string[] {
  try {
    const nodes = JSON.parse(manifest) as unknown;
    if (!Array.isArray(nodes)) return [];
    return (nodes as { name?: unknown; host?: unknown; port?: unknown }[]).flatMap(({ name, host, port }) =>
      typeof name === 'string' && /^[0-9a-zA-Z]{1,40}$/.test(name) && typeof host === 'string' && Number.isInteger(port) ? [rdbName({ host, port: Number(port), id: name })] : [],
    );
  } catch {
    return []; // Not written by this program.
  }
}
