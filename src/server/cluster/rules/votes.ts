// Votes for replicas that are candidates to replace a master (cluster-node.md 4.3). Our own election: election.ts.
import { MessageFlag, SLOTS } from '../wire/constants.js';
import { NodeFlag } from '../state/flags.js';
import { sendVote } from './messages.js';
import type { NodeRecord } from '../state/node-record.js';
import type { PacketHeader } from '../wire/packet.js';
import { hasSlot } from '../wire/slot-bitmap.js';
import type { StepContext } from '../state/step-context.js';

/** A replica requests our vote. A vote is saved to disk before the reply is sent. A refusal sends nothing. */
export function onVoteRequest(context: StepContext, replica: NodeRecord, header: PacketHeader): void {
  const { state } = context;
  if (!state.myself.isMaster || state.myself.slots.count === 0) return;
  const refusal = reasonToRefuse(context, replica, header);
  if (refusal !== null) {
    context.log('warning', `Failover auth denied to ${replica.id}: ${refusal}`);
    return;
  }
  state.lastVoteEpoch = state.currentEpoch;
  if (replica.master !== null) replica.master.votedTime = context.now;
  context.needFsync();
  sendVote(context, replica);
  context.log('warning', `Failover auth granted to ${replica.id} for epoch ${state.currentEpoch}`);
}

function reasonToRefuse(context: StepContext, replica: NodeRecord, header: PacketHeader): string | null {
  const { state, now } = context;
  const { master } = replica;
  if (header.currentEpoch < state.currentEpoch) return `reqEpoch (${header.currentEpoch}) < curEpoch(${state.currentEpoch})`;
  if (state.lastVoteEpoch === state.currentEpoch) return `already voted for epoch ${state.currentEpoch}`;
  if (replica.isMaster) return 'it is a master node';
  if (master === null) return "I don't know its master";
  if (!master.has(NodeFlag.fail) && (header.mflags & MessageFlag.forceAck) === 0) return 'its master is up';
  const wait = 2 * state.env.settings.nodeTimeout - (now - master.votedTime);
  if (wait > 0) return `can't vote about this master before ${wait} milliseconds`;
  const newer = slotWithNewerOwner(context, header);
  return newer === null ? null : `slot ${newer} epoch is newer than the requested ${header.configEpoch}`;
}

/** A requested slot whose owner has a greater epoch than the request: the replica has an outdated view. */
function slotWithNewerOwner(context: StepContext, header: PacketHeader): number | null {
  const { slots } = context.state;
  for (let slot = 0; slot < SLOTS; slot++) {
    if (!hasSlot(header.slots, slot)) continue;
    const owner = slots.owner(slot);
    if (owner !== null && !slots.isNotClaimed(slot) && owner.configEpoch > header.configEpoch) return slot;
  }
  return null;
}
