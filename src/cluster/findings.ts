// The problems of a loaded cluster as data: disagreement, open slots, uncovered slots, double owners, absent nodes, nodes that
// only some know, unusual replicas (cli.md 2.4). Pure. Not here: texts, repairs (plan/fix/plan.ts).
import { connectedNodes } from './connected-to.js';
import type { NodeLine } from './nodes-text.js';
import { SlotSet } from './slot-set.js';
import { SLOT_COUNT } from './slots.js';
import { grouped, type ClusterNode, type ClusterView, type SharedId, type UnreachableNode } from './view.js';

/** 'error' makes check fail, 'warning' does not. */
export type Severity = 'error' | 'warning';

/** A node in a finding: enough to print it and to look it up. */
export interface NodeRef {
  readonly id: string;
  readonly name: string;
}

export type Finding =
  /** Loaded nodes list different slot owners; one group per version. */
  | { readonly kind: 'disagreement'; readonly severity: 'error'; readonly groups: readonly (readonly NodeRef[])[] }
  /**
   * A node has slots in migrating or importing state; `peers` = slot → the other node's id. A warning on a replica whose master
   * does not have them open: no move is in progress, but they would be open after a promotion.
   */
  | {
      readonly kind: 'open-slots';
      readonly severity: Severity;
      readonly node: NodeRef;
      readonly state: 'migrating' | 'importing';
      readonly slots: readonly number[];
      readonly peers: Readonly<Record<number, string>>;
    }
  /** Several servers answer with the id of this node. */
  | { readonly kind: 'shared-id'; readonly severity: 'error'; readonly node: NodeRef; readonly servers: SharedId['servers'] }
  | { readonly kind: 'uncovered-slots'; readonly severity: 'error'; readonly slots: SlotSet }
  /**
   * `owners`: masters that claim the slot or (found 'keys') hold keys of it; at least two. `strays`: those that hold keys of it
   * without claiming it.
   */
  | {
      readonly kind: 'multiple-owners';
      readonly severity: 'error';
      readonly slot: number;
      readonly owners: readonly NodeRef[];
      readonly found: 'claims' | 'keys';
      readonly strays?: readonly NodeRef[];
    }
  /** `connectedTo`: loaded nodes that have a bus link to it and do not suspect it; it is alive when there is one. */
  | { readonly kind: 'unreachable-node'; readonly severity: Severity; readonly node: UnreachableNode; readonly connectedTo?: readonly NodeRef[] }
  /** Some loaded nodes list the node and others do not; `reachable`: it is loaded itself. */
  | PartlyKnown
  /** `flag`: fail, fail? or noaddr, as the nodes in `by` list it. */
  | { readonly kind: 'suspected-node'; readonly severity: 'warning'; readonly node: NodeRef; readonly flag: string; readonly by: readonly NodeRef[] }
  | { readonly kind: 'orphan-replica'; readonly severity: 'warning'; readonly node: NodeRef; readonly masterId: string | null }
  | { readonly kind: 'chained-replica'; readonly severity: 'warning'; readonly node: NodeRef; readonly master: NodeRef }
  | { readonly kind: 'unreplicated-master'; readonly severity: 'warning'; readonly node: NodeRef }
  /** All replicas of the master are on its own host, in a cluster of several hosts. */
  | { readonly kind: 'replicas-on-master-host'; readonly severity: 'warning'; readonly node: NodeRef; readonly host: string }
  /** `syncing`: a full synchronisation is in progress. */
  | { readonly kind: 'replica-link-down'; readonly severity: 'warning'; readonly node: NodeRef; readonly master: NodeRef; readonly syncing: boolean }
  /** The replica's link is down, and it holds this number of keys in the slots of its master, which has no key at all. */
  | { readonly kind: 'only-copy'; readonly severity: 'error'; readonly node: NodeRef; readonly master: NodeRef; readonly keys: number }
  | { readonly kind: 'replica-behind'; readonly severity: 'warning'; readonly node: NodeRef; readonly master: NodeRef; readonly bytes: number }
  | RefusedWrites;

/** The node answers writes with MISCONF; a replica would as a master. */
export interface RefusedWrites {
  readonly kind: 'refused-writes';
  readonly severity: 'warning';
  readonly node: NodeRef;
  readonly role: 'master' | 'replica';
  /** What it could not write: a snapshot (BGSAVE) or its append-only file. */
  readonly cause: 'rdb' | 'aof';
  /** False when BGSAVE failed, and the user may not read whether writes stop then. */
  readonly certain: boolean;
}

export type OnlyCopy = Extract<Finding, { kind: 'only-copy' }>;

export interface PartlyKnown {
  readonly kind: 'partly-known';
  readonly severity: Severity;
  readonly node: NodeRef;
  readonly reachable: boolean;
  readonly role: 'master' | 'replica';
  readonly knownBy: readonly NodeRef[];
  readonly unknownTo: readonly NodeRef[];
}

export interface CheckReport {
  /** No finding of severity 'error'. */
  readonly ok: boolean;
  readonly agreement: boolean;
  /** All slots open on masters, ascending. */
  readonly openSlots: readonly number[];
  readonly uncovered: SlotSet;
  readonly findings: readonly Finding[];
}

export function nodeRef(node: NodeRef): NodeRef {
  return { id: node.id, name: node.name };
}

/**
 * One node's view of slot owners as a comparable string (cli.md 2.4); open slots are ignored. Undefined when the node knows no
 * slot, which never agrees with any other.
 */
export function signature(lines: readonly NodeLine[]): string | undefined {
  const entries = lines.filter((line) => line.slotText !== '').map((line) => `${line.id}:${line.slotText}`);
  return entries.length === 0 ? undefined : entries.sort().join('|');
}

/** True when all loaded nodes list the same owners; a single node always agrees (cli.md 2.4). */
export function agrees(nodeViews: readonly (readonly NodeLine[])[]): boolean {
  if (nodeViews.length <= 1) return true;
  const first = signature(nodeViews[0] ?? []);
  return first !== undefined && nodeViews.every((lines) => signature(lines) === first);
}

function disagreement(view: ClusterView): Finding[] {
  if (agrees(view.nodes.map((node) => node.lines))) return [];
  const groups = grouped(view.nodes, (node) => signature(node.lines) ?? '');
  return [{ kind: 'disagreement', severity: 'error', groups: [...groups.values()].map((nodes) => nodes.map(nodeRef)) }];
}

function openSlots(view: ClusterView, node: ClusterNode): Finding[] {
  const marks = view.openSlots(node);
  const states = [
    ['migrating', marks.migrating],
    ['importing', marks.importing],
  ] as const;
  const severity = node.role === 'replica' ? 'warning' : 'error';
  return states
    .filter(([, open]) => open.size > 0)
    .map(([state, open]) => {
      const slots = [...open.keys()].sort((a, b) => a - b);
      return { kind: 'open-slots', severity, node: nodeRef(node), state, slots, peers: Object.fromEntries(open) };
    });
}

function doubleClaims(view: ClusterView): Finding[] {
  let seen = new SlotSet();
  let twice = new SlotSet();
  for (const master of view.masters) {
    twice = twice.union(seen.intersection(master.slots));
    seen = seen.union(master.slots);
  }
  return twice.toArray().map((slot) => ({
    kind: 'multiple-owners',
    severity: 'error',
    slot,
    owners: view.masters.filter((master) => master.slots.has(slot)).map(nodeRef),
    found: 'claims',
  }));
}

function suspicions(view: ClusterView): Finding[] {
  const accusers = new Map<string, NodeRef[]>();
  for (const node of view.nodes) {
    for (const line of node.lines) {
      for (const flag of line.flags) {
        if (flag !== 'fail' && flag !== 'fail?' && flag !== 'noaddr') continue;
        const key = `${line.id} ${flag}`;
        const by = accusers.get(key);
        if (by === undefined) accusers.set(key, [nodeRef(node)]);
        else by.push(nodeRef(node));
      }
    }
  }
  return [...accusers].flatMap(([key, by]): Finding[] => {
    const [id = '', flag = ''] = key.split(' ');
    const node = view.node(id); // Absent nodes have their own finding.
    return node === undefined ? [] : [{ kind: 'suspected-node', severity: 'warning', node: nodeRef(node), flag, by }];
  });
}

function replicaFindings(view: ClusterView): Finding[] {
  const found: Finding[] = [];
  const known = new Set([...view.nodes.map((node) => node.id), ...view.unreachable.map((node) => node.id)]);
  for (const replica of view.replicas) {
    const master = replica.masterId === null ? undefined : view.node(replica.masterId);
    if (master?.role === 'replica') found.push({ kind: 'chained-replica', severity: 'warning', node: nodeRef(replica), master: nodeRef(master) });
    else if (replica.masterId === null || !known.has(replica.masterId)) {
      found.push({ kind: 'orphan-replica', severity: 'warning', node: nodeRef(replica), masterId: replica.masterId });
    }
  }
  if (view.replicas.length === 0) return found; // Running without replicas is a choice, not a fault.
  const severalHosts = new Set(view.nodes.map(({ host }) => host)).size > 1;
  for (const master of view.masters) {
    if (master.slots.size === 0) continue;
    const replicas = view.replicasOf(master.id);
    if (replicas.length === 0) found.push({ kind: 'unreplicated-master', severity: 'warning', node: nodeRef(master) });
    else if (severalHosts && replicas.every(({ host }) => host === master.host)) found.push({ kind: 'replicas-on-master-host', severity: 'warning', node: nodeRef(master), host: master.host });
  }
  return found;
}

function absent(view: ClusterView): Finding[] {
  // An absent node with slots is an error; one without slots is not (cli.md 5.4: it must not block repairs).
  const connected = connectedNodes(view);
  return view.unreachable.map((node) => {
    const witnesses = connected.get(node.id)?.map(nodeRef);
    return { kind: 'unreachable-node', severity: node.slots.size > 0 ? 'error' : 'warning', node, ...(witnesses === undefined ? {} : { connectedTo: witnesses }) };
  });
}

function sharedIds(view: ClusterView): Finding[] {
  return view.sharedIds.map(({ id, servers }) => ({ kind: 'shared-id', severity: 'error', node: { id, name: view.node(id)?.name ?? servers[0]?.name ?? id }, servers }));
}

/** Number of loaded nodes that list each id; nodes in handshake are not members yet. */
function listings(view: ClusterView): Map<string, number> {
  const counts = new Map<string, number>();
  for (const { lines } of view.nodes) {
    for (const line of lines) if (!line.flags.includes('handshake')) counts.set(line.id, (counts.get(line.id) ?? 0) + 1);
  }
  return counts;
}

/**
 * Nodes that some have forgotten or not met yet. Nodes that do not know such a node treat its slots as uncovered. An
 * unreachable node without slots and without replicas is only a warning.
 */
export function partlyKnown(view: ClusterView): PartlyKnown[] {
  return [...listings(view)].filter(([, count]) => count < view.nodes.length).flatMap(([id]): PartlyKnown[] => {
    const lists = ({ lines }: ClusterNode): boolean => lines.some((line) => line.id === id && !line.flags.includes('handshake'));
    const loaded = view.node(id);
    const node = loaded ?? view.unreachable.find((one) => one.id === id);
    if (node === undefined) return [];
    const matters = loaded !== undefined || node.slots.size > 0 || view.replicasOf(id).length > 0;
    const refs = (known: boolean): NodeRef[] => view.nodes.filter((one) => lists(one) === known).map(nodeRef);
    return [{ kind: 'partly-known', severity: matters ? 'error' : 'warning', node: nodeRef(node), reachable: loaded !== undefined, role: node.role, knownBy: refs(true), unknownTo: refs(false) }];
  });
}

/** Judges a view. `more`: findings from additional requests to the nodes (keys outside their slot). */
export function checkView(view: ClusterView, more: readonly Finding[] = []): CheckReport {
  const open = view.nodes.flatMap((node) => openSlots(view, node));
  const uncovered = view.covered().complement();
  const holes: Finding[] = uncovered.size > 0 ? [{ kind: 'uncovered-slots', severity: 'error', slots: uncovered }] : [];
  const disagree = disagreement(view);
  const searched = new Set(more.flatMap((finding) => (finding.kind === 'multiple-owners' ? [finding.slot] : [])));
  const claims = doubleClaims(view).filter((finding) => finding.kind !== 'multiple-owners' || !searched.has(finding.slot));
  const findings = [...disagree, ...open, ...holes, ...claims, ...more, ...sharedIds(view), ...absent(view), ...partlyKnown(view), ...suspicions(view), ...replicaFindings(view)];
  const slots = new Set(open.flatMap((finding) => (finding.kind === 'open-slots' && finding.severity === 'error' ? finding.slots : [])));
  return {
    ok: findings.every((finding) => finding.severity !== 'error'),
    agreement: disagree.length === 0,
    openSlots: [...slots].filter((slot) => slot < SLOT_COUNT).sort((a, b) => a - b),
    uncovered,
    findings,
  };
}
