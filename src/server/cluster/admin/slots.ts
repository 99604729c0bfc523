// Slot operations of an administrator: the rules and refusals of CLUSTER ADDSLOTS … SETSLOT (cluster-node.md 6.2). Not here:
// parsing of words, replies (commands/cluster/slots.ts).
import { NodeFlag } from '../state/flags.js';
import { replicate } from '../rules/follow.js';
import { broadcastPong } from '../rules/messages.js';
import type { NodeRecord } from '../state/node-record.js';
import { bumpEpoch } from '../rules/epochs.js';
import type { StepContext } from '../state/step-context.js';

/** Result of an operation: null when done; else the error line, and nothing was changed. */
export type Outcome = string | null;

export type SetSlotAction =
  | { readonly kind: 'migrating' | 'importing' | 'node'; readonly id: string }
  | { readonly kind: 'stable' };

/** ADDSLOTS and ADDSLOTSRANGE: takes unowned slots for ourselves. All or nothing. */
export function addSlots(context: StepContext, wanted: readonly number[]): Outcome {
  const { slots, myself } = context.state;
  const refusal = refuse(wanted, (slot) => (slots.owner(slot) !== null ? `ERR Slot ${slot} is already busy` : null));
  if (refusal !== null) return refusal;
  for (const slot of wanted) {
    slots.setImporting(slot, null);
    slots.assign(slot, myself);
  }
  return changed(context);
}

/** DELSLOTS and DELSLOTSRANGE: unassigns slots of any owner, in our table only. */
export function delSlots(context: StepContext, unwanted: readonly number[]): Outcome {
  const { slots } = context.state;
  const refusal = refuse(unwanted, (slot) => (slots.owner(slot) === null ? `ERR Slot ${slot} is already unassigned` : null));
  if (refusal !== null) return refusal;
  for (const slot of unwanted) slots.unassign(slot);
  return changed(context);
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

function changed(context: StepContext): null {
  context.needUpdate();
  context.needSave();
  return null;
}

/** FLUSHSLOTS: gives up all our slots; refused while there is data. */
export function flushSlots(context: StepContext): Outcome {
  const { state } = context;
  if (!state.env.data.isEmpty()) return 'ERR DB must be empty to perform CLUSTER FLUSHSLOTS.';
  state.slots.unassignAllOf(state.myself);
  return changed(context);
}

/** SETSLOT: opens a slot in one direction, closes it, or gives it to a node. */
export function setSlot(context: StepContext, slot: number, action: SetSlotAction): Outcome {
  switch (action.kind) {
    case 'migrating':
      return setMigrating(context, slot, action.id);
    case 'importing':
      return setImporting(context, slot, action.id);
    case 'node':
      return setOwner(context, slot, action.id);
    case 'stable':
      context.state.slots.setMigrating(slot, null);
      context.state.slots.setImporting(slot, null);
      return changed(context);
  }
}

function setMigrating(context: StepContext, slot: number, id: string): Outcome {
  const { state } = context;
  if (state.slots.owner(slot) !== state.myself) return `ERR I'm not the owner of hash slot ${slot}`;
  const target = knownMaster(context, id, `ERR I don't know about node ${id}`);
  if (typeof target === 'string') return target;
  state.slots.setMigrating(slot, target);
  return changed(context);
}

function setImporting(context: StepContext, slot: number, id: string): Outcome {
  const { state } = context;
  if (state.slots.owner(slot) === state.myself) return `ERR I'm already the owner of hash slot ${slot}`;
  const source = knownMaster(context, id, `ERR I don't know about node ${id}`);
  if (typeof source === 'string') return source;
  state.slots.setImporting(slot, source);
  return changed(context);
}

function setOwner(context: StepContext, slot: number, id: string): Outcome {
  const { state } = context;
  const { slots, myself } = state;
  const node = knownMaster(context, id, `ERR Unknown node ${id}`);
  if (typeof node === 'string') return node;
  const keys = state.env.data.countKeysInSlot(slot);
  if (slots.owner(slot) === myself && node !== myself && keys > 0) {
    return `ERR Can't assign hashslot ${slot} to a different node while I still hold keys for this hash slot.`;
  }
  if (keys === 0) slots.setMigrating(slot, null);
  const wasOurs = slots.owner(slot) === myself;
  slots.unassign(slot);
  slots.assign(slot, node);
  // A master that gave its last slot away becomes a replica of the one that got it.
  if (wasOurs && node !== myself && myself.slots.count === 0 && state.env.settings.allowReplicaMigration) {
    context.log('warning', `Configuration change detected. Reconfiguring myself as a replica of ${node.id}`);
    replicate(context, node);
  }
  if (node === myself && slots.importing.has(slot)) finishImport(context, slot);
  return changed(context);
}

/** Ends an import: raises our epoch, so that the other nodes accept the claim, and announces it at once. */
function finishImport(context: StepContext, slot: number): void {
  bumpEpoch(context);
  context.state.slots.setImporting(slot, null);
  broadcastPong(context);
}

function knownMaster(context: StepContext, id: string, unknown: string): NodeRecord | string {
  const node = context.state.lookup(id);
  if (node === undefined) return unknown;
  return node.has(NodeFlag.replica) ? 'ERR Target node is not a master' : node;
}

/**
 * Call after a data set was loaded. Takes slots that have keys here and no owner, and marks slots that have keys here and another
 * owner as importing, so that no key is lost silently (cluster-node.md 5.2).
 */
export function reconcileWithData(context: StepContext, slotsWithKeys: Iterable<number>): void {
  const { slots, myself } = context.state;
  for (const slot of slotsWithKeys) {
    const owner = slots.owner(slot);
    if (owner === myself || slots.importing.has(slot)) continue;
    if (owner === null) slots.assign(slot, myself);
    else slots.setImporting(slot, owner);
    context.log('warning', owner === null ? `I have keys for unassigned slot ${slot}. Taking responsibility for it.` : `I have keys for slot ${slot}, but the slot is assigned to node ${owner.id}. Setting it to importing state.`);
    context.needUpdate();
    context.needFsync();
  }
}
