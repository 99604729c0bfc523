// A cluster and the verdict about it, for a person at a terminal: a table of nodes, then what is wrong in sentences.
// The predecessors' lines are in check-lines.ts.
import type { CheckReport, Finding } from '../../cluster/findings.js';
import type { ClusterNode, ClusterView } from '../../cluster/view.js';
import type { Io } from '../io.js';
import { drawTable, type Column } from '../table.js';
import { extraFinding } from './check-lines.js';
import type { KeyCounts } from './cluster-lines.js';
import { slotBar } from './slot-bar.js';

const BAR = 24;

/** Thousands with commas, as progress and tables show numbers. */
export function formatCount(count: number): string {
  return String(count).replace(/\B(?=(?:\d{3})+$)/g, ','); // toLocaleString loads tables for 10 ms
}

function shortRanges(node: ClusterNode): string {
  const ranges = node.slots.tokens();
  return ranges.length <= 3 ? ranges.join(',') : `${ranges.slice(0, 2).join(',')} and ${ranges.length - 2} more`;
}

/** Masters with their replicas under them; replicas of absent masters at the end. */
function ordered(view: ClusterView): ClusterNode[] {
  const families = view.masters.flatMap((master) => [master, ...view.replicasOf(master.id)]);
  return [...families, ...view.replicas.filter((replica) => !families.includes(replica))];
}

/** The table of nodes: role, address, id, keys, slots. */
export async function nodesTable(io: Io, view: ClusterView, keys: KeyCounts): Promise<string> {
  const { style } = io;
  const columns: Column[] = [{ title: 'node' }, { title: 'role' }, { title: 'id' }, { title: 'keys', align: 'right' }, { title: 'slots', align: 'right' }, { title: '' }, { title: '' }];
  const rows = ordered(view).map((node) => {
    const master = node.role === 'master';
    const count = keys.get(node.id);
    const bad = node.flags.filter((flag) => flag !== 'master' && flag !== 'slave' && flag !== 'myself');
    return [
      (master ? '' : '  ') + node.name + (bad.length > 0 ? ` ${style.bad(bad.join(','))}` : ''),
      master ? style.strong('master') : 'replica',
      style.faint(node.id.slice(0, 8)),
      !master || count === undefined ? '' : typeof count === 'number' ? formatCount(count) : style.bad(count),
      master ? formatCount(node.slots.size) : '',
      master ? style.accent(slotBar(node.slots, BAR)) : '',
      master ? shortRanges(node) : '',
    ];
  });
  return drawTable(style, columns, rows);
}

/** What a finding means, in a sentence. */
export function findingText(finding: Finding): string {
  switch (finding.kind) {
    case 'disagreement':
      return `The nodes give ${finding.groups.length} different accounts of the slots`;
    case 'open-slots':
      return `${finding.node.name} has ${finding.slots.length} ${finding.state} ${finding.slots.length === 1 ? 'slot' : 'slots'}: ${some(finding.slots.map(String))}`;
    case 'uncovered-slots':
      return `${finding.slots.size} ${finding.slots.size === 1 ? 'slot is' : 'slots are'} covered by no node: ${some(finding.slots.tokens())}`;
    case 'multiple-owners':
      return `Slot ${finding.slot} has ${finding.owners.length} owners: ${finding.owners.map((owner) => owner.name).join(', ')}`;
    default:
      return extraFinding(finding) ?? finding.kind;
  }
}

function some(items: readonly string[]): string {
  return items.length <= 10 ? items.join(',') : `${items.slice(0, 10).join(',')} and ${items.length - 10} more`;
}

/** The verdict: a line for what is well, one for each finding. */
export function verdictLines(io: Io, view: ClusterView, report: CheckReport): string[] {
  const { style } = io;
  const well = [
    ...(report.agreement ? [`All ${view.nodes.length} nodes agree about the slots`] : []),
    ...(report.uncovered.size === 0 ? ['All 16384 slots covered'] : []),
  ].map((text) => `${style.good('✔')} ${text}`);
  const findings = report.findings.map((finding) => `${finding.severity === 'error' ? style.bad('✖') : style.warn('⚠')} ${findingText(finding)}`);
  return [...well, ...findings];
}

/** What to run next for the worst of the findings; undefined when all is well. */
export function nextStep(view: ClusterView, report: CheckReport): string | undefined {
  if (report.ok) return undefined;
  const has = (kind: Finding['kind']): boolean => report.findings.some((finding) => finding.kind === kind && finding.severity === 'error');
  const seed = view.entry.name;
  if (has('unreachable-node')) return `bring the unreachable nodes back, then: redis-trib check ${seed}`;
  if (has('open-slots')) return `if no reshard is running: redis-trib fix ${seed}`;
  if (has('disagreement')) return `wait a few seconds and: redis-trib check ${seed}; if it stays: redis-trib fix ${seed}`;
  return `redis-trib fix ${seed}`;
}
