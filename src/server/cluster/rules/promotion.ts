// A replica becomes the master in place of its own master (cluster-node.md 4.5). Whether it may is decided by an election
// (election.ts) or by an administrator (admin/failover.ts).
import { updateAvailability } from '../state/availability.js';
import type { StepContext } from '../state/step-context.js';
import { SLOTS } from '../wire/constants.js';
import { resetManualFailover } from './manual-failover.js';
import { broadcastPong } from './messages.js';
import { becomeMaster } from './roles.js';

/** Takes over all slots of our master and announces them to all nodes. Our epoch must be greater than the one of the master. */
export function takeOverSlots(context: StepContext): void {
  const { state } = context;
  const { myself, slots } = state;
  const { master } = myself;
  if (master === null) return;
  stopReplicating(context);
  for (let slot = 0; slot < SLOTS; slot++) {
    if (slots.owner(slot) !== master) continue;
    slots.unassign(slot);
    slots.assign(slot, myself);
  }
  updateAvailability(context);
  context.needFsync();
  broadcastPong(context);
  resetManualFailover(context);
}

/** This node stops being a replica: it keeps its data and accepts writes. */
export function stopReplicating(context: StepContext): void {
  const { state } = context;
  if (state.myself.isMaster) return;
  becomeMaster(context, state.myself);
  state.source = null;
  state.election.time = 0;
  context.emit({ kind: 'promote' });
}
