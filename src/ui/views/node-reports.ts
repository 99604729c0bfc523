// All nodes with what they tell about themselves: a table for a person, a line each for scripts. Not here: the verdict
// about the cluster (check-table.ts).
import type { NodeReport } from '../../apply/node-facts.js';
import type { ClusterView, UnreachableNode } from '../../cluster/view.js';
import type { Io } from '../io.js';
import { formatBytes } from '../moving.js';
import { formatDuration } from '../progress.js';
import { drawTable, type Column } from '../table.js';
import { formatCount } from './check-table.js';

/** What the columns of a plain line are called, in order. */
export const PLAIN_COLUMNS = ['id', 'address', 'role', 'master', 'slots', 'keys', 'offset', 'lag', 'link', 'flags', 'version'] as const;

function flagsOf(report: NodeReport): string[] {
  return report.node.flags.filter((flag) => flag !== 'master' && flag !== 'slave' && flag !== 'myself');
}

function linkOf({ facts, failure, unlinked }: NodeReport): string {
  if (failure !== undefined) return 'silent';
  if (facts?.link === 'down') return 'down';
  return unlinked > 0 ? `${unlinked}-unlinked` : 'ok';
}

/** A line a node, columns apart by one blank, `-` for what doesn't apply; `silent` and `unreachable` stand in the link column. */
export function plainNodeLines(view: ClusterView, reports: readonly NodeReport[]): string[] {
  const lines = reports.map((report) => {
    const { node, facts, lag } = report;
    const flags = flagsOf(report);
    return [node.id, node.name, node.role, node.masterId ?? '-', node.slots.size, facts?.keys ?? '-', facts?.offset ?? '-', lag ?? '-', linkOf(report), flags.length > 0 ? flags.join(',') : '-', facts?.version ?? '-'].join(' ');
  });
  const absent = view.unreachable.map((node) => [node.id, node.name, node.role, node.masterId ?? '-', node.slots.size, '-', '-', '-', 'unreachable', node.flags.join(','), '-'].join(' '));
  return [`# ${PLAIN_COLUMNS.join(' ')}`, ...lines, ...absent];
}

/** Masters with their replicas under them, reports of absent masters' replicas last. */
function families(reports: readonly NodeReport[]): NodeReport[] {
  const masters = reports.filter((report) => report.node.role === 'master');
  const grouped = masters.flatMap((master) => [master, ...reports.filter((report) => report.node.masterId === master.node.id)]);
  return [...grouped, ...reports.filter((report) => !grouped.includes(report))];
}

function health({ style }: Io, report: NodeReport): string {
  const { failure, facts, unlinked } = report;
  if (failure !== undefined) return style.bad(failure);
  const flags = flagsOf(report).map((flag) => style.bad(flag));
  const link = facts?.link === 'down' ? [style.bad(`master link down for ${facts.silentSeconds ?? '?'} s`)] : [];
  const bus = unlinked > 0 ? [style.warn(`${unlinked} nodes have no link to it`)] : [];
  const all = [...flags, ...link, ...bus];
  return all.length > 0 ? all.join(', ') : style.good('ok');
}

function row(io: Io, report: NodeReport): string[] {
  const { node, facts, lag } = report;
  const { style } = io;
  const master = node.role === 'master';
  return [
    (master ? '' : '  ') + node.name,
    master ? style.strong('master') : 'replica',
    style.faint(node.id.slice(0, 8)),
    master ? formatCount(node.slots.size) : '',
    facts === undefined ? '' : formatCount(facts.keys),
    facts === undefined ? '' : formatBytes(facts.memoryBytes),
    facts === undefined ? '' : formatCount(facts.offset),
    lag === undefined ? '' : lag === 0 ? '0' : style.warn(formatBytes(lag)),
    facts === undefined ? '' : `${facts.server === 'redis' ? '' : `${facts.server} `}${facts.version}`,
    facts === undefined ? '' : formatDuration(facts.uptimeSeconds),
    health(io, report),
  ];
}

function absentRow(io: Io, node: UnreachableNode): string[] {
  const filler = ['', '', '', '', '', ''];
  return [node.name, node.role, io.style.faint(node.id.slice(0, 8)), node.slots.size > 0 ? formatCount(node.slots.size) : '', ...filler, io.style.bad(`unreachable: ${node.reason}`)];
}

const COLUMNS: readonly Column[] = [
  { title: 'node' },
  { title: 'role' },
  { title: 'id' },
  { title: 'slots', align: 'right' },
  { title: 'keys', align: 'right' },
  { title: 'memory', align: 'right' },
  { title: 'offset', align: 'right' },
  { title: 'lag', align: 'right' },
  { title: 'version' },
  { title: 'up', align: 'right' },
  { title: 'state' },
];

/** The table of all nodes, those that cannot be reached last. */
export function nodeReportsTable(io: Io, view: ClusterView, reports: readonly NodeReport[]): Promise<string> {
  return drawTable(io.style, COLUMNS, [...families(reports).map((report) => row(io, report)), ...view.unreachable.map((node) => absentRow(io, node))]);
}
