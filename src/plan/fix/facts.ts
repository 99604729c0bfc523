// The facts about each slot with a problem: masters that claim it, hold keys or have it open; its unreachable owner; replicas
// with keys that no master has. Pure. Not here: counting keys (apply/fix/count-keys.ts), what to do (rules/).
import { SlotSet } from '../../cluster/slot-set.js';
import { SLOT_COUNT } from '../../cluster/slots.js';
import type { ClusterNode, ClusterView, UnreachableNode } from '../../cluster/view.js';

/** Keys of every slot in all databases: id → 16384 counts. Masters: all slots; replicas: slots that no master claims. */
export type SlotKeyCounts = ReadonlyMap<string, ArrayLike<number>>;

export interface KeyCount {
  readonly node: ClusterNode;
  readonly keys: number;
}

/** A slot in migrating or importing state on a master; `peer` is the other node's id, reachable or not. */
export interface OpenMark {
  readonly node: ClusterNode;
  readonly peer: string;
}

export interface SlotFacts {
  readonly slot: number;
  /** Masters that claim the slot themselves, in node order. */
  readonly claimants: readonly ClusterNode[];
  /** Masters with keys of the slot, in node order. */
  readonly holders: readonly KeyCount[];
  /** Without claimant: replicas that hold keys of the slot which their master lacks, or whose master cannot be asked. */
  readonly copies: readonly KeyCount[];
  readonly migrating: readonly OpenMark[];
  readonly importing: readonly OpenMark[];
  /** Without claimant: the unreachable master that owned it, as a reachable node lists it. */
  readonly absent: UnreachableNode | undefined;
  /** Without claimant: the reachable master that other nodes list as its owner. */
  readonly believed: ClusterNode | undefined;
}

/** Slots of each node id: the union of what all other loaded nodes list for it. */
function listedSlots(view: ClusterView): Map<string, SlotSet> {
  const owned = new Map<string, SlotSet>();
  for (const node of view.nodes) {
    for (const line of node.lines) {
      if (line.slots.size === 0 || line.myself) continue;
      const known = owned.get(line.id);
      owned.set(line.id, known === undefined ? line.slots : known.union(line.slots));
    }
  }
  return owned;
}

/** Unreachable masters that own slots no reachable node owns, as any node lists them, with these slots (cli.md 2.5, 5.4). */
export function absentOwners(view: ClusterView): { readonly node: UnreachableNode; readonly slots: SlotSet }[] {
  const listed = listedSlots(view);
  const covered = view.covered();
  return view.unreachable
    .filter((node) => node.role === 'master' && (node.slots.size > 0 || listed.has(node.id)))
    .map((node) => ({ node, slots: node.slots.union(listed.get(node.id) ?? new SlotSet()).difference(covered) }))
    .filter(({ slots }) => slots.size > 0);
}

/** Slots with a problem: open, claimed by none or by several, or with keys on the wrong node. */
function troubled(view: ClusterView, counts: SlotKeyCounts): SlotSet {
  const slots = view.masters.reduce((all, node) => all.union(node.slots), new SlotSet()).complement();
  let seen = new SlotSet();
  for (const master of view.masters) {
    for (const slot of seen.intersection(master.slots)) slots.add(slot);
    seen = seen.union(master.slots);
    for (const slot of [...master.migrating.keys(), ...master.importing.keys()]) slots.add(slot);
    const keys = counts.get(master.id);
    for (let slot = 0; keys !== undefined && slot < SLOT_COUNT; slot++) if ((keys[slot] ?? 0) > 0 && !master.slots.has(slot)) slots.add(slot);
  }
  return slots;
}

function marks(view: ClusterView, slot: number, state: 'migrating' | 'importing'): OpenMark[] {
  return view.masters.flatMap((node) => {
    const peer = node[state].get(slot);
    return peer === undefined ? [] : [{ node, peer }];
  });
}

/** The loaded master at the end of a chain of replicas. */
function masterAbove(view: ClusterView, replica: ClusterNode): ClusterNode | undefined {
  let node: ClusterNode | undefined = replica;
  for (let steps = 0; node?.role === 'replica' && steps < view.nodes.length; steps++) node = node.masterId === null ? undefined : view.node(node.masterId);
  return node?.role === 'master' ? node : undefined;
}

function copiesOnReplicas(view: ClusterView, counts: SlotKeyCounts, slot: number): KeyCount[] {
  const keysOf = (node: ClusterNode | undefined): number => (node === undefined ? 0 : (counts.get(node.id)?.[slot] ?? 0));
  return view.replicas.map((node) => ({ node, keys: keysOf(node) })).filter(({ node, keys }) => keys > 0 && keysOf(masterAbove(view, node)) === 0);
}

/** The facts of all slots with a problem, ascending. */
export function slotFacts(view: ClusterView, counts: SlotKeyCounts): SlotFacts[] {
  const absent = absentOwners(view);
  const listed = listedSlots(view);
  return troubled(view, counts)
    .toArray()
    .map((slot) => {
      const claimants = view.masters.filter((node) => node.slots.has(slot));
      const holders = view.masters.map((node) => ({ node, keys: counts.get(node.id)?.[slot] ?? 0 })).filter(({ keys }) => keys > 0);
      const unclaimed = claimants.length === 0;
      return {
        slot,
        claimants,
        holders,
        copies: unclaimed ? copiesOnReplicas(view, counts, slot) : [],
        migrating: marks(view, slot, 'migrating'),
        importing: marks(view, slot, 'importing'),
        absent: unclaimed ? absent.find(({ slots }) => slots.has(slot))?.node : undefined,
        believed: unclaimed ? view.masters.find((node) => listed.get(node.id)?.has(slot) === true) : undefined,
      };
    });
}
