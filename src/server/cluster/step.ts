// The state machine of the cluster bus: an event changes the state and gives effects. No sockets, no files, no timers:
// those are in bus.ts, and in the simulator of the tests.
import type { ClusterEvent, Effect } from './effect.js';
import { sendMeet, sendPing } from './messages.js';
import { NodeFlag } from './flags.js';
import type { Link } from './node-record.js';
import type { ClusterState } from './state.js';
import { onCron } from './step-cron.js';
import { onPacket } from './step-packet.js';
import { Turn } from './turn.js';

/**
 * Lets one event happen at `now` (ms of wall clock) and returns what is to be done, in this order. The state is
 * changed in place; packets in the effects share slot bitmaps with it, which are never changed once lent.
 */
export function step(state: ClusterState, event: ClusterEvent, now: number): Effect[] {
  const turn = new Turn(state, now);
  apply(turn, event);
  return turn.finish();
}

function apply(turn: Turn, event: ClusterEvent): void {
  switch (event.kind) {
    case 'packet':
      onPacket(turn, event.link, event.packet);
      return;
    case 'cron':
      onCron(turn);
      return;
    case 'linkUp':
      onLinkUp(turn, event.link);
      return;
    case 'linkDown':
      turn.unlink(event.link);
  }
}

/** An outbound connection is up: say MEET or PING at once (cluster-node 1.2). */
function onLinkUp(turn: Turn, link: Link): void {
  const { node } = link;
  if (link.closed || node === null) return;
  if (node.has(NodeFlag.meet)) {
    sendMeet(turn, link);
    return;
  }
  const waitingSince = node.pingSent;
  sendPing(turn, node);
  // A peer that has not answered since then goes on not answering: the new connection does not reset the count.
  if (waitingSince !== 0) node.pingSent = waitingSince;
}
