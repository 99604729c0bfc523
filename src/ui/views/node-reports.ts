// All nodes with their own reports: a table at a terminal, a line each for scripts. Not here: the verdict about the cluster
// (check-table.ts).
import { compareNames } from '../../cluster/address.js';
import type { NodeReport } from '../../apply/cluster/node-facts.js';
import type { ClusterView, UnreachableNode } from '../../cluster/view.js';
import type { Io } from '../io.js';
import { formatBytes } from '../bytes.js';
import { formatDuration } from '../progress.js';
import { drawTable, type Column } from '../table.js';
import { formatCount, inAddressOrder } from './check-table.js';
import { counted, fewOf } from './count.js';

/** Column names of a plain line, in order. */
export const PLAIN_COLUMNS = ['id', 'address', 'role', 'master', 'slots', 'keys', 'offset', 'lag', 'link', 'flags', 'version'] as const;

function flagsOf(report: NodeReport): string[] {
  return report.node.flags.filter((flag) => flag !== 'master' && flag !== 'slave' && flag !== 'myself');
}

function linkOf({ facts, failure, unlinked }: NodeReport): string {
  if (failure !== undefined) return 'silent';
  if (facts?.link === 'down') return 'down';
  return unlinked > 0 ? `${unlinked}-unlinked` : 'ok';
}

/**
 * A line per node, columns separated by one blank, `-` for what does not apply; `silent` and `unreachable` stand in the link
 * column.
 */
export function plainNodeLines(view: ClusterView, reports: readonly NodeReport[]): string[] {
  const lines = reports.map((report) => {
    const { node, facts, lag } = report;
    const flags = flagsOf(report);
    return [node.id, node.name, node.role, node.masterId ?? '-', node.slots.size, facts?.keys ?? '-', facts?.offset ?? '-', lag ?? '-', linkOf(report), flags.length > 0 ? flags.join(',') : '-', facts?.version ?? '-'].join(' ');
  });
  const absent = view.unreachable.map((node) => [node.id, node.name, node.role, node.masterId ?? '-', node.slots.size, '-', '-', '-', 'unreachable', node.flags.join(','), '-'].join(' '));
  return [`# ${PLAIN_COLUMNS.join(' ')}`, ...lines, ...absent];
}

/** Servers report -1 s before the first byte from the master. */
const linkText = (silentSeconds: number | undefined): string => (silentSeconds === -1 ? 'no link to its master yet' : `master link down for ${silentSeconds ?? '?'} s`);

function health({ style }: Io, report: NodeReport): string {
  const { failure, facts, unlinked } = report;
  if (failure !== undefined) return style.bad(failure);
  const flags = flagsOf(report).map((flag) => style.bad(flag));
  const link = facts?.link === 'down' ? [style.bad(linkText(facts.silentSeconds))] : [];
  const bus = unlinked > 0 ? [style.warn(`${counted(unlinked, 'node', ['has', 'have'])} no link to it`)] : [];
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
  { title: 'role', dispensable: 5 },
  { title: 'id' },
  { title: 'slots', align: 'right', dispensable: 2 },
  { title: 'keys', align: 'right', dispensable: 3 },
  { title: 'memory', align: 'right', dispensable: 6 },
  { title: 'offset', align: 'right', dispensable: 8 },
  { title: 'lag', align: 'right', dispensable: 1 },
  { title: 'version', dispensable: 4 },
  { title: 'up', align: 'right', dispensable: 7 },
  { title: 'state', cuttable: true },
];

/** The table of all nodes, unreachable ones last. */
export async function nodeReportsTable(io: Io, view: ClusterView, reports: readonly NodeReport[]): Promise<string> {
  const byId = new Map(reports.map((report) => [report.node.id, report]));
  const ordered = inAddressOrder(view).flatMap(({ id }) => byId.get(id) ?? []);
  const absent = view.unreachable.toSorted(compareNames);
  const table = await drawTable(io, COLUMNS, [...ordered.map((report) => row(io, report)), ...absent.map((node) => absentRow(io, node))]);
  // Texts that were cut in their cell are repeated below in full.
  const reasons = [...ordered.map(({ node, failure }) => ({ name: node.name, reason: failure ?? '' })), ...absent];
  const cut = reasons.filter(({ reason }) => !table.includes(reason)).map(({ name, reason }) => `${io.style.bad('✖')} ${name}: ${reason}`);
  return [table, ...(cut.length > 0 ? ['', ...fewOf(cut)] : [])].join('\n');
}
