// What an administrator does to slots: the rules and refusals of CLUSTER ADDSLOTS … SETSLOT (cluster-node 6.2).
// Parsing of words and replies are the command's business.
import { NodeFlag } from './flags.js';
import { broadcastPong } from './messages.js';
import type { NodeRecord } from './node-record.js';
import { bumpEpoch } from './step-epochs.js';
import type { Turn } from './turn.js';

/** null: done. A text: the error line, and nothing was changed. */
export type Outcome = string | null;

export type SetSlotAction =
  | { readonly kind: 'migrating' | 'importing' | 'node'; readonly id: string }
  | { readonly kind: 'stable' };

/** ADDSLOTS and ADDSLOTSRANGE: takes unowned slots for ourselves. All or nothing. */
export function addSlots(turn: Turn, wanted: readonly number[]): Outcome {
  const { slots, myself } = turn.state;
  const refusal = refuse(wanted, (slot) => (slots.owner(slot) !== null ? `ERR Slot ${slot} is already busy` : null));
  if (refusal !== null) return refusal;
  for (const slot of wanted) {
    slots.setImporting(slot, null);
    slots.assign(slot, myself);
  }
  return changed(turn);
}

/** DELSLOTS and DELSLOTSRANGE: unassigns slots of any owner, in our table only. */
export function delSlots(turn: Turn, unwanted: readonly number[]): Outcome {
  const { slots } = turn.state;
  const refusal = refuse(unwanted, (slot) => (slots.owner(slot) === null ? `ERR Slot ${slot} is already unassigned` : null));
  if (refusal !== null) return refusal;
  for (const slot of unwanted) slots.unassign(slot);
  return changed(turn);
}

function refuse(slots: readonly number[], why: (slot: number) => string | null): string | null {
  const seen = new Set<number>();
  for (const slot of slots) {
    const refusal = why(slot);
    if (refusal !== null) return refusal;
    if (seen.has(slot)) return `ERR Slot ${slot} specified multiple times`;
    seen.add(slot);
  }
  return null;
}

function changed(turn: Turn): null {
  turn.needUpdate();
  turn.needSave();
  return null;
}

/** FLUSHSLOTS: gives up all our slots; refused while there is data. */
export function flushSlots(turn: Turn): Outcome {
  const { state } = turn;
  if (!state.env.data.isEmpty()) return 'ERR DB must be empty to perform CLUSTER FLUSHSLOTS.';
  state.slots.unassignAllOf(state.myself);
  return changed(turn);
}

/** SETSLOT: opens a slot in one direction, closes it, or gives it to a node. */
export function setSlot(turn: Turn, slot: number, action: SetSlotAction): Outcome {
  switch (action.kind) {
    case 'migrating':
      return setMigrating(turn, slot, action.id);
    case 'importing':
      return setImporting(turn, slot, action.id);
    case 'node':
      return setOwner(turn, slot, action.id);
    case 'stable':
      turn.state.slots.setMigrating(slot, null);
      turn.state.slots.setImporting(slot, null);
      return changed(turn);
  }
}

function setMigrating(turn: Turn, slot: number, id: string): Outcome {
  const { state } = turn;
  if (state.slots.owner(slot) !== state.myself) return `ERR I'm not the owner of hash slot ${slot}`;
  const target = knownMaster(turn, id, `ERR I don't know about node ${id}`);
  if (typeof target === 'string') return target;
  state.slots.setMigrating(slot, target);
  return changed(turn);
}

function setImporting(turn: Turn, slot: number, id: string): Outcome {
  const { state } = turn;
  if (state.slots.owner(slot) === state.myself) return `ERR I'm already the owner of hash slot ${slot}`;
  const source = knownMaster(turn, id, `ERR I don't know about node ${id}`);
  if (typeof source === 'string') return source;
  state.slots.setImporting(slot, source);
  return changed(turn);
}

function setOwner(turn: Turn, slot: number, id: string): Outcome {
  const { state } = turn;
  const { slots, myself } = state;
  const node = knownMaster(turn, id, `ERR Unknown node ${id}`);
  if (typeof node === 'string') return node;
  const keys = state.env.data.countKeysInSlot(slot);
  if (slots.owner(slot) === myself && node !== myself && keys > 0) {
    return `ERR Can't assign hashslot ${slot} to a different node while I still hold keys for this hash slot.`;
  }
  if (keys === 0) slots.setMigrating(slot, null);
  slots.unassign(slot);
  slots.assign(slot, node);
  if (node === myself && slots.importing.has(slot)) finishImport(turn, slot);
  return changed(turn);
}

/** The import is over: a greater epoch makes the others believe us, and they are told at once. */
function finishImport(turn: Turn, slot: number): void {
  bumpEpoch(turn);
  turn.state.slots.setImporting(slot, null);
  broadcastPong(turn);
}

function knownMaster(turn: Turn, id: string, unknown: string): NodeRecord | string {
  const node = turn.state.lookup(id);
  if (node === undefined) return unknown;
  return node.has(NodeFlag.replica) ? 'ERR Target node is not a master' : node;
}

/**
 * After a data set was loaded: slots with keys that are not ours are taken when nobody owns them, and marked as
 * importing when somebody does, so that no key is lost silently (cluster-node 5.2).
 */
export function reconcileWithData(turn: Turn, slotsWithKeys: Iterable<number>): void {
  const { slots, myself } = turn.state;
  for (const slot of slotsWithKeys) {
    const owner = slots.owner(slot);
    if (owner === myself || slots.importing.has(slot)) continue;
    if (owner === null) slots.assign(slot, myself);
    else slots.setImporting(slot, owner);
    turn.log('warning', owner === null ? `I have keys for unassigned slot ${slot}. Taking responsibility for it.` : `I have keys for slot ${slot}, but the slot is assigned to node ${owner.id}. Setting it to importing state.`);
    turn.needUpdate();
    turn.needFsync();
  }
}
