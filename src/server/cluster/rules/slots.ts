// Slots that other nodes claim: who keeps a slot is decided by configuration epochs (cluster-node.md 3.4).
import { BITMAP_BYTES, SLOTS } from '../wire/constants.js';
import { resolveSubReplica, replicate } from './follow.js';
import { sendUpdate } from './messages.js';
import type { NodeRecord } from '../state/node-record.js';
import type { PacketHeader } from '../wire/packet.js';
import type { SlotBytes } from '../wire/slot-bitmap.js';
import { countSlots, hasSlot, sameSlots } from '../wire/slot-bitmap.js';
import type { StepContext } from '../state/step-context.js';

/** Compares the slots in the header of a known sender with what we know, and acts on differences. */
export function onSlotClaims(context: StepContext, sender: NodeRecord, header: PacketHeader): void {
  const claimant = sender.isMaster ? sender : sender.master;
  if (claimant === null) return;
  // Slots bound to a node that stopped claiming them make its bitmap differ too, so that it can claim them again.
  if (sameSlots(claimant.slots.peek(), header.slots) && claimant.notClaimed === 0) return;
  if (sender.isMaster) applyClaims(context, sender, header.configEpoch, header.slots);
  informStaleOwner(context, sender, header);
}

/**
 * Node `claimant` claims exactly the slots `claimed`, with config epoch `epoch` (3.4.2). Slots we lose are emptied: their
 * keys are at the new owner now.
 */
export function applyClaims(context: StepContext, claimant: NodeRecord, epoch: number, claimed: SlotBytes): void {
  const { state } = context;
  if (claimant === state.myself) return;
  const ours = state.myself.claimant;
  const lost: number[] = [];
  let taken = 0;
  const held = claimant.slots.share();
  const dropped = state.slots.notClaimedBytes;
  for (let i = 0; i < BITMAP_BYTES; i++) {
    const now = claimed[i] ?? 0;
    const before = held[i] ?? 0;
    const unclaimed = dropped[i] ?? 0;
    // Slots to check: new claims, renewed claims, claims that ended.
    const changed = (now & ~before) | (now & before & unclaimed) | (~now & before & ~unclaimed);
    if (changed === 0) continue;
    for (let bit = 0; bit < 8; bit++) {
      const slot = i * 8 + bit;
      if ((changed & (1 << bit)) === 0) continue;
      const owner = state.slots.owner(slot);
      if (!applyClaim(context, claimant, epoch, slot, (now & (1 << bit)) !== 0)) continue;
      if (owner === ours) taken++;
      if (owner === state.myself && state.env.data.countKeysInSlot(slot) > 0) lost.push(slot);
    }
  }
  if (taken > 0 && ours.slots.count === 0 && followsNewOwner(context, claimed, taken)) {
    context.log('warning', `Configuration change detected. Reconfiguring myself as a replica of ${claimant.id}`);
    replicate(context, claimant);
  } else if (!resolveSubReplica(context)) {
    for (const slot of lost) context.emit({ kind: 'deleteSlotKeys', slot });
  }
}

/**
 * Our shard lost its last slot: as its master or its replica we become a replica of the new owner, unless the
 * administrator forbade it. An owner that has exactly the slots it took replaced our master in a failover.
 */
function followsNewOwner(context: StepContext, claimed: SlotBytes, taken: number): boolean {
  return context.state.env.settings.allowReplicaMigration || countSlots(claimed) === taken;
}

/** True when the slot got a new owner. */
function applyClaim(context: StepContext, claimant: NodeRecord, epoch: number, slot: number, claims: boolean): boolean {
  const { slots } = context.state;
  const owner = slots.owner(slot);
  if (!claims) {
    // Clients are still redirected to the old owner, but any node that claims the slot gets it.
    if (owner === claimant) slots.setNotClaimed(slot, true);
    return false;
  }
  if (owner === claimant) {
    slots.setNotClaimed(slot, false);
    return false;
  }
  if (slots.importing.has(slot)) return false; // only the administrator closes an import
  if (owner !== null && !slots.isNotClaimed(slot) && owner.configEpoch >= epoch) return false;
  slots.unassign(slot);
  slots.assign(slot, claimant);
  context.needUpdate();
  context.needFsync();
  return true;
}

/** The sender claims a slot that another node owns with a greater epoch: sends it one UPDATE per packet (3.4.3). */
function informStaleOwner(context: StepContext, sender: NodeRecord, header: PacketHeader): void {
  const { slots } = context.state;
  const own = sender.slots.peek();
  for (let slot = 0; slot < SLOTS; slot++) {
    const at = slot >> 3;
    if ((slot & 7) === 0 && ((header.slots[at] ?? 0) & ~(own[at] ?? 0)) === 0) {
      slot += 7;
      continue;
    }
    if (!hasSlot(header.slots, slot)) continue;
    const owner = slots.owner(slot);
    if (owner === null || owner === sender || slots.isNotClaimed(slot) || owner.configEpoch <= header.configEpoch) continue;
    context.log('verbose', `Node ${sender.id} has old slots configuration, sending an UPDATE message about ${owner.id}`);
    sendUpdate(context, sender, owner);
    return;
  }
}

/** UPDATE: a third node reports an owner with a newer epoch (3.7). */
export function onUpdate(context: StepContext, id: string, epoch: number, claimed: SlotBytes, setMaster: (node: NodeRecord) => void): void {
  const node = context.state.lookup(id);
  if (node === undefined || node === context.state.myself || node.configEpoch >= epoch) return;
  if (node.isReplica) setMaster(node);
  node.configEpoch = epoch;
  context.needFsync();
  applyClaims(context, node, epoch, claimed);
}
