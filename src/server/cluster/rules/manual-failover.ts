// Manual failover (cluster-node.md 4.4): the pause on the master, the replica that catches up, and the end of both. The
// command is in admin/failover.ts, the election that follows in election.ts.
import { MANUAL_FAILOVER_MS, MessageFlag } from '../wire/constants.js';
import type { Link, NodeRecord } from '../state/node-record.js';
import type { StepContext } from '../state/step-context.js';
import type { PacketHeader } from '../wire/packet.js';
import { sendPingOver } from './messages.js';

/** A replica of this node starts a manual failover: writes stop so that it can catch up (MFSTART). */
export function onManualFailoverStart(context: StepContext, sender: NodeRecord, link: Link): void {
  const { state, now } = context;
  if (sender.master !== state.myself) return;
  resetManualFailover(context);
  state.manualFailover.end = now + MANUAL_FAILOVER_MS;
  state.manualFailover.replica = sender;
  state.manualFailover.paused = true;
  context.emit({ kind: 'pauseWrites', until: now + 2 * MANUAL_FAILOVER_MS });
  context.log('warning', `Manual failover requested by replica ${sender.id}.`);
  sendPingOver(context, link);
}

/** The first packet of our paused master fixes the offset that we have to reach (3.1). */
export function notePausedOffset(context: StepContext, sender: NodeRecord, header: PacketHeader): void {
  const { manualFailover, myself } = context.state;
  if (manualFailover.end === 0 || manualFailover.masterOffset !== -1 || sender !== myself.master) return;
  if ((header.mflags & MessageFlag.paused) === 0) return;
  manualFailover.masterOffset = header.offset;
  context.log('warning', `Received replication offset for paused master manual failover: ${header.offset}`);
}

/** On the replica: the election may start once we processed everything the paused master wrote. */
export function advanceManualFailover(context: StepContext): void {
  const { manualFailover, env } = context.state;
  if (manualFailover.end === 0 || manualFailover.canStart || manualFailover.masterOffset === -1) return;
  if (env.replOffset() !== manualFailover.masterOffset) return;
  manualFailover.canStart = true;
  context.log('warning', 'All master replication stream processed, manual failover can start.');
}

/** Ends a manual failover that took too long. */
export function expireManualFailover(context: StepContext): void {
  const { end } = context.state.manualFailover;
  if (end === 0 || end >= context.now) return;
  context.log('warning', 'Manual failover timed out.');
  resetManualFailover(context);
}

/** Clears a manual failover. A master that paused writes for it resumes them. */
export function resetManualFailover(context: StepContext): void {
  const { manualFailover } = context.state;
  if (manualFailover.paused) context.emit({ kind: 'resumeWrites' });
  manualFailover.clear();
}
