// What is known about each slot that is not as it should be: who claims it, who holds keys, who has it open, who owned it
// and is gone. Pure. Not here: asking nodes for key counts (apply/fix/count-keys.ts), what to do (decide.ts).
import { SlotSet } from '../../cluster/slot-set.js';
import { SLOT_COUNT } from '../../cluster/slots.js';
import type { ClusterNode, ClusterView, UnreachableNode } from '../../cluster/view.js';

/** Keys of every slot on every master: id → 16384 counts. */
export type SlotKeyCounts = ReadonlyMap<string, ArrayLike<number>>;

export interface Holder {
  readonly node: ClusterNode;
  readonly keys: number;
}

/** A slot a master has in migrating or importing state; `peer` is the other side's id, reachable or not. */
export interface OpenMark {
  readonly node: ClusterNode;
  readonly peer: string;
}

export interface SlotFacts {
  readonly slot: number;
  /** Masters whose own account claims the slot, in node order. */
  readonly claimants: readonly ClusterNode[];
  /** Masters with keys of the slot, in node order. */
  readonly holders: readonly Holder[];
  readonly migrating: readonly OpenMark[];
  readonly importing: readonly OpenMark[];
  /** When nobody claims it: the unreachable master that owned it by the account of a reachable node. */
  readonly absent: UnreachableNode | undefined;
  /** When nobody claims it: the reachable master that others still take for its owner. */
  readonly believed: ClusterNode | undefined;
}

/** Slots each node id owns by the account of any loaded node. */
function accountsOf(view: ClusterView): Map<string, SlotSet> {
  const owned = new Map<string, SlotSet>();
  for (const node of view.nodes) {
    for (const line of node.lines) {
      if (line.slots.size > 0 && !line.myself) owned.set(line.id, (owned.get(line.id) ?? new SlotSet()).union(line.slots));
    }
  }
  return owned;
}

/** Unreachable masters that own slots no reachable node owns, by anybody's account, with these slots (cli 2.5, 5.4). */
export function absentOwners(view: ClusterView): { readonly node: UnreachableNode; readonly slots: SlotSet }[] {
  const accounts = accountsOf(view);
  const covered = view.covered();
  return view.unreachable
    .filter((node) => node.role === 'master')
    .map((node) => ({ node, slots: node.slots.union(accounts.get(node.id) ?? new SlotSet()).difference(covered) }))
    .filter(({ slots }) => slots.size > 0);
}

/** Slots with a problem: open, claimed by none or by several, or with keys where they don't belong. */
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

/** The facts of all slots with a problem, ascending. */
export function slotFacts(view: ClusterView, counts: SlotKeyCounts): SlotFacts[] {
  const absent = absentOwners(view);
  const accounts = accountsOf(view);
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
        migrating: marks(view, slot, 'migrating'),
        importing: marks(view, slot, 'importing'),
        absent: unclaimed ? absent.find(({ slots }) => slots.has(slot))?.node : undefined,
        believed: unclaimed ? view.masters.find((node) => accounts.get(node.id)?.has(slot) === true) : undefined,
      };
    });
}
