// What is wrong with a loaded cluster, as data: disagreement, open slots, holes, double owners, absent nodes, odd
// replicas (cli 2.4). Pure. Not here: texts for a person, repairs (plan/fix.ts).
import type { NodeLine } from './nodes-text.js';
import { SlotSet } from './slot-set.js';
import { SLOT_COUNT } from './slots.js';
import type { ClusterNode, ClusterView, UnreachableNode } from './view.js';

/** 'error' makes check fail, 'warning' does not. */
export type Severity = 'error' | 'warning';

/** A node in a finding: enough to print and to look up. */
export interface NodeRef {
  readonly id: string;
  readonly name: string;
}

export type Finding =
  /** Loaded nodes give different accounts of who owns what; one group for each account. */
  | { readonly kind: 'disagreement'; readonly severity: 'error'; readonly groups: readonly (readonly NodeRef[])[] }
  /** A node has slots in migrating or importing state; `peers` = slot → other side's id. */
  | {
      readonly kind: 'open-slots';
      readonly severity: 'error';
      readonly node: NodeRef;
      readonly state: 'migrating' | 'importing';
      readonly slots: readonly number[];
      readonly peers: Readonly<Record<number, string>>;
    }
  | { readonly kind: 'uncovered-slots'; readonly severity: 'error'; readonly slots: SlotSet }
  /** Several masters own the slot by their own account, or (found 'keys') hold keys of it. */
  | {
      readonly kind: 'multiple-owners';
      readonly severity: 'error';
      readonly slot: number;
      readonly owners: readonly NodeRef[];
      readonly found: 'claims' | 'keys';
    }
  | { readonly kind: 'unreachable-node'; readonly severity: Severity; readonly node: UnreachableNode }
  /** `flag`: fail, fail? or noaddr, as the nodes in `by` see it. */
  | { readonly kind: 'suspected-node'; readonly severity: 'warning'; readonly node: NodeRef; readonly flag: string; readonly by: readonly NodeRef[] }
  | { readonly kind: 'orphan-replica'; readonly severity: 'warning'; readonly node: NodeRef; readonly masterId: string | null }
  | { readonly kind: 'chained-replica'; readonly severity: 'warning'; readonly node: NodeRef; readonly master: NodeRef }
  | { readonly kind: 'unreplicated-master'; readonly severity: 'warning'; readonly node: NodeRef };

export interface CheckReport {
  /** No finding of severity 'error'. */
  readonly ok: boolean;
  readonly agreement: boolean;
  /** All slots open anywhere, ascending. */
  readonly openSlots: readonly number[];
  readonly uncovered: SlotSet;
  readonly findings: readonly Finding[];
}

export function nodeRef(node: NodeRef): NodeRef {
  return { id: node.id, name: node.name };
}

/**
 * One node's account of slot ownership as a comparable text (cli 2.4): open slots don't count. Undefined when the node
 * knows no slot at all, which never agrees with anything.
 */
export function signature(lines: readonly NodeLine[]): string | undefined {
  const entries = lines.filter((line) => line.slotText !== '').map((line) => `${line.id}:${line.slotText}`);
  return entries.length === 0 ? undefined : entries.sort().join('|');
}

/** True when every loaded node tells the same; a single node always agrees (cli 2.4). */
export function agrees(accounts: readonly (readonly NodeLine[])[]): boolean {
  if (accounts.length <= 1) return true;
  const first = signature(accounts[0] ?? []);
  return first !== undefined && accounts.every((lines) => signature(lines) === first);
}

function disagreement(view: ClusterView): Finding[] {
  if (agrees(view.nodes.map((node) => node.lines))) return [];
  const groups = new Map<string, NodeRef[]>();
  for (const node of view.nodes) {
    const key = signature(node.lines) ?? '';
    groups.set(key, [...(groups.get(key) ?? []), nodeRef(node)]);
  }
  return [{ kind: 'disagreement', severity: 'error', groups: [...groups.values()] }];
}

function openSlots(node: ClusterNode): Finding[] {
  const states = [
    ['migrating', node.migrating],
    ['importing', node.importing],
  ] as const;
  return states
    .filter(([, open]) => open.size > 0)
    .map(([state, open]) => {
      const slots = [...open.keys()].sort((a, b) => a - b);
      return { kind: 'open-slots', severity: 'error', node: nodeRef(node), state, slots, peers: Object.fromEntries(open) };
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
        accusers.set(key, [...(accusers.get(key) ?? []), nodeRef(node)]);
      }
    }
  }
  return [...accusers].flatMap(([key, by]): Finding[] => {
    const [id = '', flag = ''] = key.split(' ');
    const node = view.node(id); // the absent ones have a finding of their own
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
  if (view.replicas.length === 0) return found; // nobody has replicas: a choice, not a fault
  for (const master of view.masters) {
    if (master.slots.size > 0 && view.replicasOf(master.id).length === 0) found.push({ kind: 'unreplicated-master', severity: 'warning', node: nodeRef(master) });
  }
  return found;
}

function absent(view: ClusterView): Finding[] {
  // A dead node that owned slots shows as a hole already; others are no error (cli 5.4: they must not block repairs).
  return view.unreachable.map((node) => ({ kind: 'unreachable-node', severity: node.slots.size > 0 ? 'error' : 'warning', node }));
}

/** Judges a view. `more`: findings that needed further questions to the nodes (keys found outside their slot). */
export function checkView(view: ClusterView, more: readonly Finding[] = []): CheckReport {
  const open = view.nodes.flatMap(openSlots);
  const uncovered = view.covered().complement();
  const holes: Finding[] = uncovered.size > 0 ? [{ kind: 'uncovered-slots', severity: 'error', slots: uncovered }] : [];
  const disagree = disagreement(view);
  const searched = new Set(more.flatMap((finding) => (finding.kind === 'multiple-owners' ? [finding.slot] : [])));
  const claims = doubleClaims(view).filter((finding) => finding.kind !== 'multiple-owners' || !searched.has(finding.slot));
  const findings = [...disagree, ...open, ...holes, ...claims, ...more, ...absent(view), ...suspicions(view), ...replicaFindings(view)];
  const slots = new Set(open.flatMap((finding) => (finding.kind === 'open-slots' ? finding.slots : [])));
  return {
    ok: findings.every((finding) => finding.severity !== 'error'),
    agreement: disagree.length === 0,
    openSlots: [...slots].filter((slot) => slot < SLOT_COUNT).sort((a, b) => a - b),
    uncovered,
    findings,
  };
}
