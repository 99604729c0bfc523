// Votes for replicas that want to replace a failed master, and manual failovers of ourselves (cluster-node 4.3, 4.4).
import { MANUAL_FAILOVER_MS, MessageFlag, SLOTS } from './constants.js';
import { NodeFlag } from './flags.js';
import { sendPingOver, sendVote } from './messages.js';
import type { Link, NodeRecord } from './node-record.js';
import type { PacketHeader } from './packet.js';
import { hasSlot } from './slot-bitmap.js';
import type { Turn } from './turn.js';

/** A replica asks for our vote. Granting is saved to disk before the answer leaves; refusing is silence. */
export function onVoteRequest(turn: Turn, replica: NodeRecord, header: PacketHeader): void {
  const { state } = turn;
  if (!state.myself.isMaster || state.myself.slots.count === 0) return;
  const refusal = reasonToRefuse(turn, replica, header);
  if (refusal !== null) {
    turn.log('warning', `Failover auth denied to ${replica.id}: ${refusal}`);
    return;
  }
  state.lastVoteEpoch = state.currentEpoch;
  if (replica.master !== null) replica.master.votedTime = turn.now;
  turn.needFsync();
  sendVote(turn, replica);
  turn.log('warning', `Failover auth granted to ${replica.id} for epoch ${state.currentEpoch}`);
}

function reasonToRefuse(turn: Turn, replica: NodeRecord, header: PacketHeader): string | null {
  const { state, now } = turn;
  const { master } = replica;
  if (header.currentEpoch < state.currentEpoch) return `reqEpoch (${header.currentEpoch}) < curEpoch(${state.currentEpoch})`;
  if (state.lastVoteEpoch === state.currentEpoch) return `already voted for epoch ${state.currentEpoch}`;
  if (replica.isMaster) return 'it is a master node';
  if (master === null) return "I don't know its master";
  if (!master.has(NodeFlag.fail) && (header.mflags & MessageFlag.forceAck) === 0) return 'its master is up';
  const wait = 2 * state.env.settings.nodeTimeout - (now - master.votedTime);
  if (wait > 0) return `can't vote about this master before ${wait} milliseconds`;
  const newer = slotWithNewerOwner(turn, header);
  return newer === null ? null : `slot ${newer} epoch is newer than the requested ${header.configEpoch}`;
}

/** A requested slot that somebody claims with an epoch above the requester's: its view is too old to win. */
function slotWithNewerOwner(turn: Turn, header: PacketHeader): number | null {
  const { slots } = turn.state;
  for (let slot = 0; slot < SLOTS; slot++) {
    if (!hasSlot(header.slots, slot)) continue;
    const owner = slots.owner(slot);
    if (owner !== null && !slots.isNotClaimed(slot) && owner.configEpoch > header.configEpoch) return slot;
  }
  return null;
}

/** A replica of ours starts a manual failover: writes stop so that it can catch up. */
export function onManualFailoverStart(turn: Turn, sender: NodeRecord, link: Link): void {
  const { state, now } = turn;
  if (sender.master !== state.myself) return;
  resetManualFailover(turn);
  state.manualFailover.end = now + MANUAL_FAILOVER_MS;
  state.manualFailover.replica = sender;
  turn.emit({ kind: 'pauseWrites', until: now + 2 * MANUAL_FAILOVER_MS });
  turn.log('warning', `Manual failover requested by replica ${sender.id}.`);
  sendPingOver(turn, link);
}

/** Ends a manual failover that took too long. */
export function expireManualFailover(turn: Turn): void {
  const { end } = turn.state.manualFailover;
  if (end === 0 || end >= turn.now) return;
  turn.log('warning', 'Manual failover timed out.');
  resetManualFailover(turn);
}

/** Forgets a manual failover; writes go on. */
export function resetManualFailover(turn: Turn): void {
  const { manualFailover } = turn.state;
  if (manualFailover.end !== 0) turn.emit({ kind: 'resumeWrites' });
  manualFailover.end = 0;
  manualFailover.replica = null;
}
