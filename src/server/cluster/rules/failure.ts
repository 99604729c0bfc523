// PFAIL, FAIL by majority, and the end of both (cluster-node.md 3.6, 3.7).
import { quorum } from '../state/availability.js';
import { NodeFlag } from '../state/flags.js';
import { broadcastFail } from './messages.js';
import type { NodeRecord } from '../state/node-record.js';
import type { StepContext } from '../state/step-context.js';

/** Reports of a failing node that are not older than twice the node timeout. Older ones are dropped. */
export function countFailureReports(context: StepContext, node: NodeRecord): number {
  if (node.failReports.size === 0) return 0;
  const oldest = context.now - 2 * context.state.env.settings.nodeTimeout;
  for (const [reporter, at] of node.failReports) if (at < oldest) node.failReports.delete(reporter);
  return node.failReports.size;
}

/** A master reports `node` as failing. */
export function addFailureReport(context: StepContext, node: NodeRecord, reporter: NodeRecord): void {
  if (!node.failReports.has(reporter)) {
    context.log('verbose', `Node ${reporter.id} reported node ${node.id} as not reachable.`);
  }
  node.failReports.set(reporter, context.now);
}

/** A master no longer reports `node` as failing. */
export function removeFailureReport(context: StepContext, node: NodeRecord, reporter: NodeRecord): void {
  if (node.failReports.size === 0 || !node.failReports.delete(reporter)) return;
  context.log('verbose', `Node ${reporter.id} reported node ${node.id} is back online.`);
  countFailureReports(context, node);
}

/** No answer within the node timeout: PFAIL. */
export function suspect(context: StepContext, node: NodeRecord): void {
  node.set(NodeFlag.pfail);
  context.log('debug', `*** NODE ${node.id} possibly failing`);
  context.needUpdate();
  // 7.2: in a cluster of one master no other master can report, so it decides alone.
  const { state } = context;
  if (state.size === 1 && state.myself.isMaster && state.myself.slots.count > 0) failIfAgreed(context, node);
}

/** PFAIL becomes FAIL when a majority of the masters with slots agrees; then FAIL is broadcast. */
export function failIfAgreed(context: StepContext, node: NodeRecord): void {
  if (!node.has(NodeFlag.pfail) || node.has(NodeFlag.fail)) return;
  const { state } = context;
  const agreeing = countFailureReports(context, node) + (state.myself.isMaster ? 1 : 0);
  if (agreeing < quorum(state.size)) return;
  context.log('notice', `Marking node ${node.id} as failing (quorum reached).`);
  markFailed(context, node);
  broadcastFail(context, node);
}

/** Sets FAIL, by our own quorum or because a FAIL packet arrived. */
export function markFailed(context: StepContext, node: NodeRecord): void {
  node.clear(NodeFlag.pfail);
  node.set(NodeFlag.fail);
  node.failTime = context.now;
  context.needUpdate();
  context.needSave();
}

/** FAIL(x) from a known node: applied at once. */
export function onFail(context: StepContext, sender: NodeRecord, id: string): void {
  const node = context.state.lookup(id);
  if (node === undefined || node === context.state.myself || node.has(NodeFlag.fail)) return;
  context.log('notice', `FAIL message received from ${sender.id} about ${id}`);
  markFailed(context, node);
}

/** A node answered our ping: PFAIL ends, FAIL possibly. */
export function clearSuspicion(context: StepContext, node: NodeRecord): void {
  if (node.has(NodeFlag.pfail)) {
    node.clear(NodeFlag.pfail);
    context.needUpdate();
    context.needSave();
  } else if (node.has(NodeFlag.fail)) {
    clearFailure(context, node);
  }
}

/**
 * FAIL of a replica or of a master without slots is cleared at once, that of a master with slots only when no replica replaced
 * it in time.
 */
function clearFailure(context: StepContext, node: NodeRecord): void {
  const owner = node.isMaster && node.slots.count > 0;
  if (owner && context.now - node.failTime <= 2 * context.state.env.settings.nodeTimeout) return;
  context.log('notice', `Clear FAIL state for node ${node.id}: ${owner ? 'is reachable again and nobody is serving its slots after some time' : 'is reachable again'}.`);
  node.clear(NodeFlag.fail);
  context.needUpdate();
  context.needSave();
}
