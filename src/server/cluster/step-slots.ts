// Slots that other nodes claim: who keeps a slot is decided by configuration epochs (cluster-node 3.4).
import { BITMAP_BYTES, SLOTS } from './constants.js';
import { sendUpdate } from './messages.js';
import type { NodeRecord } from './node-record.js';
import type { PacketHeader } from './packet.js';
import type { SlotBytes } from './slot-bitmap.js';
import { hasSlot, sameSlots } from './slot-bitmap.js';
import type { Turn } from './turn.js';

/** Compares the slots in the header of a known sender with what we know, and acts on differences. */
export function onSlotClaims(turn: Turn, sender: NodeRecord, header: PacketHeader): void {
  const claimant = sender.isMaster ? sender : sender.master;
  if (claimant === null) return;
  // Slots bound to a node that stopped claiming them make its bitmap differ too, so that it can claim them again.
  if (sameSlots(claimant.slots.peek(), header.slots) && claimant.notClaimed === 0) return;
  if (sender.isMaster) applyClaims(turn, sender, header.configEpoch, header.slots);
  informStaleOwner(turn, sender, header);
}

/**
 * Node `claimant` says that with epoch `epoch` exactly `claimed` is its own (3.4.2). Slots we lose are emptied: their
 * keys now live at the new owner.
 */
export function applyClaims(turn: Turn, claimant: NodeRecord, epoch: number, claimed: SlotBytes): void {
  const { state } = turn;
  if (claimant === state.myself) return;
  const hadSlots = state.myself.slots.count > 0;
  const held = claimant.slots.lend();
  const dropped = state.slots.notClaimedBytes;
  for (let i = 0; i < BITMAP_BYTES; i++) {
    const now = claimed[i] ?? 0;
    const before = held[i] ?? 0;
    const unclaimed = dropped[i] ?? 0;
    // Bits where something may have to happen: new claims, renewed claims, claims given up.
    const changed = (now & ~before) | (now & before & unclaimed) | (~now & before & ~unclaimed);
    if (changed === 0) continue;
    for (let bit = 0; bit < 8; bit++) {
      if ((changed & (1 << bit)) !== 0) applyClaim(turn, claimant, epoch, i * 8 + bit, (now & (1 << bit)) !== 0);
    }
  }
  if (hadSlots && state.myself.slots.count === 0) {
    turn.log('warning', `Configuration change detected. Node ${claimant.id} took over our last slot; this node stays an empty master.`);
  }
}

function applyClaim(turn: Turn, claimant: NodeRecord, epoch: number, slot: number, claims: boolean): void {
  const { slots, myself, env } = turn.state;
  const owner = slots.owner(slot);
  if (!claims) {
    // Clients go on being redirected there, but whoever claims the slot gets it.
    if (owner === claimant) slots.setNotClaimed(slot, true);
    return;
  }
  if (owner === claimant) {
    slots.setNotClaimed(slot, false);
    return;
  }
  if (slots.importing.has(slot)) return; // only the administrator closes an import
  if (owner !== null && !slots.isNotClaimed(slot) && owner.configEpoch >= epoch) return;
  if (owner === myself && env.data.countKeysInSlot(slot) > 0) turn.emit({ kind: 'deleteSlotKeys', slot });
  slots.unassign(slot);
  slots.assign(slot, claimant);
  turn.needUpdate();
  turn.needFsync();
}

/** The sender claims a slot that somebody else took with a greater epoch: tell it, once a packet (3.4.3). */
function informStaleOwner(turn: Turn, sender: NodeRecord, header: PacketHeader): void {
  const { slots } = turn.state;
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
    turn.log('verbose', `Node ${sender.id} has old slots configuration, sending an UPDATE message about ${owner.id}`);
    sendUpdate(turn, sender, owner);
    return;
  }
}

/** UPDATE: a third node tells us about an owner with a newer epoch (3.7). */
export function onUpdate(turn: Turn, id: string, epoch: number, claimed: SlotBytes, setMaster: (node: NodeRecord) => void): void {
  const node = turn.state.lookup(id);
  if (node === undefined || node === turn.state.myself || node.configEpoch >= epoch) return;
  if (node.isReplica) setMaster(node);
  node.configEpoch = epoch;
  turn.needFsync();
  applyClaims(turn, node, epoch, claimed);
}
