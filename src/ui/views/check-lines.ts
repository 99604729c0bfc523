// The predecessors' lines of a check, healthy or not (cli.md 4.3, 4.4), and a sentence for each finding that they lack. Pure.
// The terminal's view is check-table.ts.
import { sharedIdText } from '../../cluster/shared-ids.js';
import { hasReplied, mayHaveEnded } from '../../cluster/connected-to.js';
import type { CheckReport, Finding, RefusedWrites } from '../../cluster/findings.js';
import type { ClusterView } from '../../cluster/view.js';
import type { LineDialect } from '../terminal.js';
import { formatBytes } from '../bytes.js';
import { counted } from '../../cluster/counted.js';
import { fewOf } from './count.js';
import { nodeListLines } from './cluster-lines.js';
import { wordingOf, type Wording } from './dialect.js';

export interface CheckLinesOptions {
  /** Omits the node list, as before a rebalance. */
  readonly quiet?: boolean;
  /** Multiple owners were searched for; say so when none were found. */
  readonly searchedOwners?: boolean;
  /** The predecessor; default redis-cli. */
  readonly dialect?: LineDialect;
}

function openSlotLines(report: CheckReport, { openOfNode, openOfAll }: Wording): string[] {
  const open = report.findings.filter((finding): finding is Extract<Finding, { kind: 'open-slots' }> => finding.kind === 'open-slots' && finding.severity === 'error');
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

/** Some names and how many more, since a large cluster has hundreds. */
function names(nodes: readonly { readonly name: string }[]): string {
  const shown = nodes.slice(0, 3).map(({ name }) => name).join(', ');
  return nodes.length > 3 ? `${shown} and ${nodes.length - 3} more` : shown;
}

function refusedWritesText({ node, role, cause, certain }: RefusedWrites): string {
  const refuses = role === 'replica' ? `Replica ${node.name} ${certain ? 'would' : 'may'} refuse writes as a master` : `Master ${node.name} ${certain ? 'refuses' : 'may refuse'} writes`;
  const why = cause === 'aof' ? 'it cannot write its append-only file' : `its last BGSAVE failed${certain ? ' (stop-writes-on-bgsave-error is yes)' : ', and its settings cannot be read'}`;
  return `${refuses}: ${why}; see its log and free disk space`;
}

/** Findings that the predecessors do not look for, as sentences; errors among them are part of the result too. */
export function extraFinding(finding: Finding): string | undefined {
  switch (finding.kind) {
    case 'unreachable-node': {
      const { node } = finding;
      const owns = node.slots.size > 0 ? ` and owns ${counted(node.slots.size, 'slot')}` : '';
      const linked = finding.connectedTo === undefined ? '' : `${names(finding.connectedTo)} ${finding.connectedTo.length === 1 ? 'is' : 'are'} connected to it`;
      const alive = linked === '' ? (hasReplied(node) ? ', but is alive (it replies)' : '') : mayHaveEnded(node) ? `, although ${linked}` : `, but is alive (${linked})`;
      return `Node ${node.name} (${node.id.slice(0, 8)}, ${node.role}) cannot be reached${owns}${alive}: ${node.reason}`;
    }
    case 'open-slots':
      return finding.severity === 'error' ? undefined : `Replica ${finding.node.name} has ${finding.slots.length} ${finding.state} ${finding.slots.length === 1 ? 'slot' : 'slots'} that its master does not have open (fix closes them): ${finding.slots.slice(0, 10).join(',')}${finding.slots.length > 10 ? ' …' : ''}`;
    case 'shared-id':
      return sharedIdText({ id: finding.node.id, servers: finding.servers });
    case 'partly-known':
      return `Node ${finding.node.name} (${finding.node.id.slice(0, 8)}, ${finding.role}) is known to ${names(finding.knownBy)}, but not to ${names(finding.unknownTo)}`;
    case 'suspected-node':
      return `Node ${finding.node.name} is flagged ${finding.flag} by ${fewNames(finding.by)}`;
    case 'orphan-replica':
      return `Replica ${finding.node.name} ${finding.masterId === null ? 'has no master' : `follows unknown node ID ${finding.masterId}`}`;
    case 'chained-replica':
      return `Replica ${finding.node.name} follows ${finding.master.name}, which is a replica itself`;
    case 'unreplicated-master':
      return `Master ${finding.node.name} has no replica`;
    case 'replicas-on-master-host':
      return `Master ${finding.node.name} and all its replicas are on ${finding.host}: if that host fails, none of them is left`;
    case 'replica-link-down':
      return `Replica ${finding.node.name} has no link to its master ${finding.master.name}${finding.syncing ? ': it is copying its data' : ''}`;
    case 'only-copy':
      return `Replica ${finding.node.name} holds ${counted(finding.keys, 'key')} that its master ${finding.master.name}, which is empty, lacks; its link is down, and a new copy of the master would delete them`;
    case 'replica-behind':
      return `Replica ${finding.node.name} is ${formatBytes(finding.bytes)} behind its master ${finding.master.name}`;
    case 'refused-writes':
      return refusedWritesText(finding);
    default:
      return undefined;
  }
}

/** Maximum lines of errors that the predecessors do not know; scripts count them. */
const MAX_ERRORS = 100;

/** The first names, and how many more there are. */
function fewNames(nodes: readonly { readonly name: string }[]): string {
  const names = nodes.slice(0, 10).map((node) => node.name).join(', ');
  return nodes.length > 10 ? `${names} and ${nodes.length - 10} others` : names;
}

/** The whole check as the predecessors print it, without the info block; additional errors come last. */
export function checkLines(view: ClusterView, report: CheckReport, options: CheckLinesOptions = {}): string[] {
  const { dialect = 'redis-cli', quiet, searchedOwners } = options;
  const wording = wordingOf(dialect);
  const covered = report.uncovered.size === 0;
  const errors = fewOf(report.findings.filter((finding) => finding.severity === 'error').flatMap((finding) => extraFinding(finding) ?? []), MAX_ERRORS);
  return [
    `>>> Performing Cluster Check (using node ${view.entry.name})`,
    ...(quiet === true ? [] : nodeListLines(view, dialect)),
    report.agreement ? '[OK] All nodes agree about slots configuration.' : "[ERR] Nodes don't agree about configuration!",
    '>>> Check for open slots...',
    ...openSlotLines(report, wording),
    '>>> Check slots coverage...',
    ...(covered ? ['[OK] All 16384 slots covered.'] : ['[ERR] Not all 16384 slots are covered by nodes.', ...wording.afterUncovered]),
    ...ownerLines(report, searchedOwners === true),
    ...errors.map((line) => `[ERR] ${line}`),
  ];
}

/**
 * Warnings that the predecessors lack: printed on stderr, so that scripts are not affected. Only the first of many.
 * `predecessor`: the predecessors' spelling, which prints warnings on stdout and has none about refused writes.
 */
export function extraWarnings(report: CheckReport, predecessor = false): string[] {
  const warnings = report.findings.filter(({ severity, kind }) => severity === 'warning' && !(predecessor && kind === 'refused-writes'));
  return fewOf(warnings.flatMap((finding) => extraFinding(finding) ?? []));
}
