// The state machine of the cluster bus: an event changes the state and gives effects. No sockets, no files, no timers:
// those are in bus.ts, and in the simulator of the tests.
import type { ClusterEvent, Effect } from '../state/effect.js';
import { sendMeet, sendPing } from './messages.js';
import { NodeFlag } from '../state/flags.js';
import type { Link } from '../state/node-record.js';
import type { ClusterState } from '../state/state.js';
import { onCron } from './cron.js';
import { runElection } from './election.js';
import { advanceManualFailover } from './manual-failover.js';
import { onPacket } from './packet.js';
import { StepContext } from '../state/step-context.js';

/**
 * Processes one event at `now` (ms of wall clock) and returns the effects, to be carried out in this order. The state is
 * changed in place. Packets in the effects share slot bitmaps with the state; a shared bitmap never changes.
 */
export function step(state: ClusterState, event: ClusterEvent, now: number): Effect[] {
  const context = new StepContext(state, now);
  apply(context, event);
  if (state.manualFailover.end !== 0 && state.myself.isReplica) continueManualFailover(context);
  return context.finish();
}

/** Called after every event, not only by the cron, because the master's clients are paused until our data has caught up. */
function continueManualFailover(context: StepContext): void {
  advanceManualFailover(context);
  if (context.state.manualFailover.canStart) runElection(context);
}

function apply(context: StepContext, event: ClusterEvent): void {
  switch (event.kind) {
    case 'packet':
      onPacket(context, event.link, event.packet);
      return;
    case 'cron':
      onCron(context);
      return;
    case 'linkUp':
      onLinkUp(context, event.link);
      return;
    case 'linkDown':
      context.unlink(event.link);
  }
}

/** An outbound connection is up: sends MEET or PING at once (cluster-node.md 1.2). */
function onLinkUp(context: StepContext, link: Link): void {
  const { node } = link;
  if (link.closed || node === null) return;
  if (node.has(NodeFlag.meet)) {
    sendMeet(context, link);
    return;
  }
  const waitingSince = node.pingSent;
  sendPing(context, node);
  // A new connection does not reset the time of an unanswered ping: the peer still has not answered.
  if (waitingSince !== 0) node.pingSent = waitingSince;
}
