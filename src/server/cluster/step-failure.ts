// Suspecting nodes, agreeing that they failed, and forgiving them (cluster-node 3.6, 3.7).
import { quorum } from './availability.js';
import { NodeFlag } from './flags.js';
import { broadcastFail } from './messages.js';
import type { NodeRecord } from './node-record.js';
import type { Turn } from './turn.js';

/** Reports of a failing node that are not older than twice the node timeout. Older ones are dropped. */
export function countFailureReports(turn: Turn, node: NodeRecord): number {
  if (node.failReports.size === 0) return 0;
  const oldest = turn.now - 2 * turn.state.env.settings.nodeTimeout;
  for (const [reporter, at] of node.failReports) if (at < oldest) node.failReports.delete(reporter);
  return node.failReports.size;
}

/** A master says that `node` is failing. */
export function addFailureReport(turn: Turn, node: NodeRecord, reporter: NodeRecord): void {
  if (!node.failReports.has(reporter)) {
    turn.log('verbose', `Node ${reporter.id} reported node ${node.id} as not reachable.`);
  }
  node.failReports.set(reporter, turn.now);
}

/** A master says that `node` is fine. */
export function removeFailureReport(turn: Turn, node: NodeRecord, reporter: NodeRecord): void {
  if (node.failReports.size === 0 || !node.failReports.delete(reporter)) return;
  turn.log('verbose', `Node ${reporter.id} reported node ${node.id} is back online.`);
  countFailureReports(turn, node);
}

/** We got no answer for too long. */
export function suspect(turn: Turn, node: NodeRecord): void {
  node.set(NodeFlag.pfail);
  turn.log('debug', `*** NODE ${node.id} possibly failing`);
  turn.needUpdate();
  // 7.2: in a cluster of one master nobody else will report, it decides alone.
  const { state } = turn;
  if (state.size === 1 && state.myself.isMaster && state.myself.slots.count > 0) failIfAgreed(turn, node);
}

/** PFAIL becomes FAIL when a majority of the masters with slots agrees; then everybody is told. */
export function failIfAgreed(turn: Turn, node: NodeRecord): void {
  if (!node.has(NodeFlag.pfail) || node.has(NodeFlag.fail)) return;
  const { state } = turn;
  const agreeing = countFailureReports(turn, node) + (state.myself.isMaster ? 1 : 0);
  if (agreeing < quorum(state.size)) return;
  turn.log('notice', `Marking node ${node.id} as failing (quorum reached).`);
  markFailed(turn, node);
  broadcastFail(turn, node);
}

/** Sets FAIL, by our own quorum or because a FAIL packet said so. */
export function markFailed(turn: Turn, node: NodeRecord): void {
  node.clear(NodeFlag.pfail);
  node.set(NodeFlag.fail);
  node.failTime = turn.now;
  turn.needUpdate();
  turn.needSave();
}

/** FAIL(x) from a known node: believed at once. */
export function onFail(turn: Turn, sender: NodeRecord, id: string): void {
  const node = turn.state.lookup(id);
  if (node === undefined || node === turn.state.myself || node.has(NodeFlag.fail)) return;
  turn.log('notice', `FAIL message received from ${sender.id} about ${id}`);
  markFailed(turn, node);
}

/** A node answered our ping: a suspicion ends, a failure perhaps. */
export function clearSuspicion(turn: Turn, node: NodeRecord): void {
  if (node.has(NodeFlag.pfail)) {
    node.clear(NodeFlag.pfail);
    turn.needUpdate();
    turn.needSave();
  } else if (node.has(NodeFlag.fail)) {
    clearFailure(turn, node);
  }
}

/** A replica or a master without slots is forgiven at once, a master with slots only when nobody replaced it in time. */
function clearFailure(turn: Turn, node: NodeRecord): void {
  const owner = node.isMaster && node.slots.count > 0;
  if (owner && turn.now - node.failTime <= 2 * turn.state.env.settings.nodeTimeout) return;
  turn.log('notice', `Clear FAIL state for node ${node.id}: ${owner ? 'is reachable again and nobody is serving its slots after some time' : 'is reachable again'}.`);
  node.clear(NodeFlag.fail);
  turn.needUpdate();
  turn.needSave();
}
