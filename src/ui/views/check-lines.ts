// The predecessors' lines of a check, healthy or not (cli.md 4.3, 4.4), and a sentence for each finding they never had.
// Pure. What a person sees at a terminal is in check-table.ts.
import type { CheckReport, Finding } from '../../cluster/findings.js';
import type { ClusterView } from '../../cluster/view.js';
import type { LineDialect } from '../terminal.js';
import { nodeListLines } from './cluster-lines.js';
import { wordingOf, type Wording } from './dialect.js';

export interface CheckLinesOptions {
  /** Without the node list, as before a rebalance. */
  readonly quiet?: boolean;
  /** Multiple owners were searched for, so say when none were found. */
  readonly searchedOwners?: boolean;
  /** Whose lines; redis-cli's when absent. */
  readonly dialect?: LineDialect;
}

function openSlotLines(report: CheckReport, { openOfNode, openOfAll }: Wording): string[] {
  const open = report.findings.filter((finding) => finding.kind === 'open-slots');
  const lines = open.map(({ node, state, slots }) => `[WARNING] Node ${node.name} has slots in ${state} state ${openOfNode(slots)}`);
  return open.length === 0 ? [] : [...lines, `[WARNING] The following slots are open: ${openOfAll(open.map(({ slots }) => slots))}`];
}

function ownerLines(report: CheckReport, searched: boolean): string[] {
  const doubles = report.findings.filter((finding) => finding.kind === 'multiple-owners');
  if (doubles.length === 0 && !searched) return [];
  const found = doubles.flatMap((finding) => [
    `[WARNING] Slot ${finding.slot} has ${finding.owners.length} owners:`,
    ...finding.owners.map((owner) => `    ${owner.name}`),
  ]);
  return ['>>> Check for multiple slot owners...', ...(found.length > 0 ? found : ['[OK] No multiple owners found.'])];
}

/** Findings that the predecessors don't look for, as sentences; errors of them belong to the result too. */
export function extraFinding(finding: Finding): string | undefined {
  switch (finding.kind) {
    case 'unreachable-node': {
      const { node } = finding;
      const owns = node.slots.size > 0 ? ` and owns ${node.slots.size} slots` : '';
      return `Node ${node.name} (${node.id.slice(0, 8)}, ${node.role}) cannot be reached${owns}: ${node.reason}`;
    }
    case 'suspected-node':
      return `Node ${finding.node.name} is flagged ${finding.flag} by ${finding.by.map((node) => node.name).join(', ')}`;
    case 'orphan-replica':
      return `Replica ${finding.node.name} follows ${finding.masterId === null ? 'nobody' : `unknown node ID ${finding.masterId}`}`;
    case 'chained-replica':
      return `Replica ${finding.node.name} follows ${finding.master.name}, which is a replica itself`;
    case 'unreplicated-master':
      return `Master ${finding.node.name} has no replica`;
    default:
      return undefined;
  }
}

/** The whole check, as the predecessors print it, without the info block; errors they don't know come last. */
export function checkLines(view: ClusterView, report: CheckReport, options: CheckLinesOptions = {}): string[] {
  const { dialect = 'redis-cli', quiet, searchedOwners } = options;
  const wording = wordingOf(dialect);
  const covered = report.uncovered.size === 0;
  const errors = report.findings.filter((finding) => finding.severity === 'error').map(extraFinding);
  return [
    `>>> Performing Cluster Check (using node ${view.entry.name})`,
    ...(quiet === true ? [] : nodeListLines(view, dialect)),
    report.agreement ? '[OK] All nodes agree about slots configuration.' : "[ERR] Nodes don't agree about configuration!",
    '>>> Check for open slots...',
    ...openSlotLines(report, wording),
    '>>> Check slots coverage...',
    ...(covered ? ['[OK] All 16384 slots covered.'] : ['[ERR] Not all 16384 slots are covered by nodes.', ...wording.behindHoles]),
    ...ownerLines(report, searchedOwners === true),
    ...errors.flatMap((line) => (line === undefined ? [] : [`[ERR] ${line}`])),
  ];
}

/** Warnings the predecessors don't have: said on stderr, so that nobody's grep changes. */
export function extraWarnings(report: CheckReport): string[] {
  return report.findings.filter((finding) => finding.severity === 'warning').flatMap((finding) => extraFinding(finding) ?? []);
}
