// A cluster and its verdict at a terminal: a table of nodes, then the problems in sentences. The predecessors' lines are in
// check-lines.ts.
import { SHARED_ID_ADVICE } from '../../cluster/shared-ids.js';
import { compareAddresses } from '../../cluster/address.js';
import { hasReplied, mayHaveEnded, reachAdvice } from '../../cluster/connected-to.js';
import type { CheckReport, Finding } from '../../cluster/findings.js';
import type { ClusterNode, ClusterView } from '../../cluster/view.js';
import { isOutsideClusters, joinAdvice, meetOrForget } from '../../plan/member.js';
import { promotion } from '../../plan/replica-copy.js';
import type { Io } from '../io.js';
import { drawTable, type Column } from '../table.js';
import { extraFinding } from './check-lines.js';
import type { KeyCounts } from './cluster-lines.js';
import { fewOf, formatCount } from './count.js';
import { slotBar } from './slot-bar.js';
import { rangesText, fragmentedNote } from './slot-ranges.js';

export { formatCount };

const BAR = 24;

function shortRanges(node: ClusterNode): string {
  const ranges = node.slots.tokens();
  return ranges.length <= 3 ? ranges.join(',') : `${ranges.slice(0, 2).join(',')} and ${ranges.length - 2} more`;
}

/** Masters by address, each followed by its replicas; replicas of absent masters at the end. */
export function inAddressOrder(view: ClusterView): ClusterNode[] {
  const sorted = (nodes: readonly ClusterNode[]): ClusterNode[] => nodes.toSorted(compareAddresses);
  const families = sorted(view.masters).flatMap((master) => [master, ...sorted(view.replicasOf(master.id))]);
  const shown = new Set(families);
  return [...families, ...sorted(view.replicas.filter((replica) => !shown.has(replica)))];
}

/** The table of nodes: role, address, id, keys, slots. */
export async function nodesTable(io: Io, view: ClusterView, keys: KeyCounts): Promise<string> {
  const { style } = io;
  const columns: Column[] = [
    { title: 'node' },
    { title: 'role', dispensable: 2 },
    { title: 'id' },
    { title: 'keys', align: 'right', cuttable: true },
    { title: 'slots', align: 'right' },
    { title: '', dispensable: 3 },
    { title: '', cuttable: true, dispensable: 1 },
  ];
  const rows = inAddressOrder(view).map((node) => {
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
  return drawTable(io, columns, rows);
}

/** Masters that claim a slot, and those that hold keys of it although others own it. */
function severalOwners({ slot, owners, strays = [] }: Extract<Finding, { kind: 'multiple-owners' }>): string {
  const names = (nodes: readonly { readonly name: string }[]): string => nodes.map(({ name }) => name).join(', ');
  if (strays.length === 0) return `Slot ${slot} is claimed by ${owners.length} masters: ${names(owners)}`;
  const claiming = owners.filter(({ id }) => strays.every((stray) => stray.id !== id));
  if (claiming.length === 0) return `Slot ${slot} has keys on ${strays.length} masters, and none of them owns it: ${names(strays)}`;
  return `${names(strays)} ${strays.length === 1 ? 'holds' : 'hold'} keys of slot ${slot}, which ${names(claiming)} ${claiming.length === 1 ? 'owns' : 'claim'}`;
}

/** A finding as a sentence. */
export function findingText(finding: Finding): string {
  switch (finding.kind) {
    case 'disagreement':
      return `The nodes list slot owners in ${finding.groups.length} different ways`;
    case 'open-slots':
      return extraFinding(finding) ?? `${finding.node.name} has ${finding.slots.length} ${finding.state} ${finding.slots.length === 1 ? 'slot' : 'slots'}: ${some(finding.slots.map(String))}`;
    case 'uncovered-slots':
      return `${finding.slots.size} ${finding.slots.size === 1 ? 'slot is' : 'slots are'} covered by no node: ${some(finding.slots.tokens())}`;
    case 'multiple-owners':
      return severalOwners(finding);
    default:
      return extraFinding(finding) ?? finding.kind;
  }
}

function some(items: readonly string[]): string {
  return items.length <= 10 ? items.join(',') : `${items.slice(0, 10).join(',')} and ${items.length - 10} more`;
}

/** The verdict: a line for what is in order, one for each finding; the first of many of one kind. */
export function verdictLines(io: Io, view: ClusterView, report: CheckReport): string[] {
  const { style } = io;
  const well = [
    ...(report.agreement && view.nodes.length > 1 ? [`All ${view.nodes.length} nodes agree about the slots`] : []),
    ...(report.uncovered.size === 0 ? [`All 16384 slots covered, in ${rangesText(view)}`] : []),
  ].map((text) => `${style.good('✔')} ${text}`);
  const byKind = new Map<string, string[]>();
  for (const finding of report.findings) {
    const line = `${finding.severity === 'error' ? style.bad('✖') : style.warn('⚠')} ${findingText(finding)}`;
    const key = `${finding.severity} ${finding.kind}`;
    const lines = byKind.get(key);
    if (lines === undefined) byKind.set(key, [line]);
    else lines.push(line);
  }
  const note = fragmentedNote(view);
  return [...well, ...[...byKind.values()].flatMap((lines) => fewOf(lines)), ...(note === undefined ? [] : [`${style.warn('⚠')} ${note}`])];
}

/** The next command for the worst finding; undefined when all is in order. */
export function nextStep(view: ClusterView, report: CheckReport): string | undefined {
  if (report.ok) return undefined;
  if (isOutsideClusters(view)) return joinAdvice(view);
  const has = (kind: Finding['kind']): boolean => report.findings.some((finding) => finding.kind === kind && finding.severity === 'error');
  const seed = view.entry.name;
  if (has('shared-id')) return `${SHARED_ID_ADVICE}; then: redis-trib check ${seed}`;
  const stranger = report.findings.find((finding) => finding.kind === 'partly-known' && finding.severity === 'error' && finding.reachable);
  if (stranger?.kind === 'partly-known') return meetOrForget(view, stranger);
  const living = report.findings.find((finding) => finding.kind === 'unreachable-node' && finding.severity === 'error' && (finding.connectedTo !== undefined || hasReplied(finding.node)));
  if (living?.kind === 'unreachable-node' && mayHaveEnded(living.node)) return `look again in a few seconds: redis-trib check ${seed}; if the process of ${living.node.name} has ended, start it again; otherwise ${reachAdvice(living.node)}`;
  if (living?.kind === 'unreachable-node') return `${living.node.name} is alive${hasReplied(living.node) && living.connectedTo === undefined ? '' : ', only redis-trib cannot reach it'}: ${reachAdvice(living.node)}; then: redis-trib check ${seed}`;
  const copy = report.findings.find((finding) => finding.kind === 'only-copy');
  if (copy?.kind === 'only-copy') return `promote the replica that has the keys: ${promotion(view, view.find(copy.node.id))}`;
  if (has('unreachable-node')) return `start the unreachable nodes again, then: redis-trib check ${seed}`;
  if (has('open-slots')) return `if no reshard is running: redis-trib fix ${seed}`;
  if (has('disagreement')) return `wait a few seconds and: redis-trib check ${seed}; if it persists: redis-trib fix ${seed}`;
  return `redis-trib fix ${seed}`;
}
