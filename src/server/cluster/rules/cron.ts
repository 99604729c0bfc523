// What happens every 100 ms: connecting, pinging, suspecting (cluster-node.md 1.6).
import { updateAvailability } from '../state/availability.js';
import { NodeFlag } from '../state/flags.js';
import { sendPing } from './messages.js';
import type { NodeRecord } from '../state/node-record.js';
import { suspect } from './failure.js';
import { runElection } from './election.js';
import { followMaster, resolveSubReplica } from './follow.js';
import { advanceManualFailover, expireManualFailover } from './manual-failover.js';
import { migrateIfNeeded } from './replica-migration.js';
import type { StepContext } from '../state/step-context.js';

const UNPINGED = NodeFlag.myself | NodeFlag.noaddr | NodeFlag.handshake;
/** Random nodes among which the ping of each second chooses. */
const PING_CANDIDATES = 5;

export function onCron(context: StepContext): void {
  const { state } = context;
  state.refreshMyself();
  state.cronRuns++;
  maintainLinks(context);
  if (state.cronRuns % 10 === 0) pingLongestSilent(context);
  for (const node of state.nodes) {
    if ((node.flags & UNPINGED) === 0) watch(context, node);
  }
  expireManualFailover(context);
  if (state.myself.isReplica) actAsReplica(context);
  if (!state.ok) updateAvailability(context);
}

/** 1.6 steps 5 and 7: a replica follows the current address of its master and advances its failovers. */
function actAsReplica(context: StepContext): void {
  resolveSubReplica(context);
  followMaster(context);
  advanceManualFailover(context);
  runElection(context);
  if (context.state.myself.isReplica) migrateIfNeeded(context);
}

/** Steps 1 and 2: limits of buffers, handshakes that took too long, missing connections. */
function maintainLinks(context: StepContext): void {
  const { state, now } = context;
  const { linkSendbufLimit: limit, nodeTimeout } = state.env.settings;
  const handshakeLimit = Math.max(nodeTimeout, 1000);
  const expired: NodeRecord[] = [];
  state.pfailCount = 0;
  for (const node of state.nodes) {
    if (limit > 0) dropOverLimit(context, node, limit);
    if ((node.flags & (NodeFlag.myself | NodeFlag.noaddr)) !== 0) continue;
    if (node.has(NodeFlag.pfail)) state.pfailCount++;
    if (node.inHandshake && now - node.createdAt > handshakeLimit) expired.push(node);
    else if (node.link === null) context.connect(node);
  }
  for (const node of expired) context.deleteNode(node);
}

function dropOverLimit(context: StepContext, node: NodeRecord, limit: number): void {
  for (const link of [node.link, node.inboundLink]) {
    if (link === null || link.queuedBytes <= limit) continue;
    context.log('warning', `Freeing ${link.inbound ? 'inbound' : 'outbound'} cluster link of node ${node.id}, exceeding send buffer memory limit.`);
    context.close(link);
    context.state.linksOverLimit++;
  }
}

/** Step 3: of a few random nodes, ping the one that was silent for longest. */
function pingLongestSilent(context: StepContext): void {
  const { state } = context;
  let silent: NodeRecord | undefined;
  for (let i = 0; i < PING_CANDIDATES; i++) {
    const node = state.nodes[state.env.random.below(state.nodes.length)];
    if (node === undefined || node.link === null || node.pingSent !== 0) continue;
    if (node.has(NodeFlag.myself | NodeFlag.handshake)) continue;
    if (silent === undefined || node.pongReceived < silent.pongReceived) silent = node;
  }
  if (silent !== undefined) sendPing(context, silent);
}

/** 1.6 step 4 for one node: closes a stuck link, sends a due ping, sets PFAIL after the node timeout. */
function watch(context: StepContext, node: NodeRecord): void {
  const { state, now } = context;
  const timeout = state.env.settings.nodeTimeout;
  const { link } = node;
  if (link !== null) {
    const stuck = node.pingSent !== 0 && now - node.pingSent > timeout / 2 && now - node.dataReceived > timeout / 2;
    if (stuck && now - link.createdAt > timeout) context.close(link); // the next cron reconnects; the time of the unanswered ping is kept
    if (node.pingSent === 0 && now - node.pongReceived > timeout / 2) {
      sendPing(context, node);
      return;
    }
    if (node === state.manualFailover.replica && state.manualFailover.end !== 0) {
      sendPing(context, node);
      return;
    }
  }
  if (node.pingSent === 0 || node.has(NodeFlag.pfail | NodeFlag.fail)) return;
  if (Math.min(now - node.pingSent, now - node.dataReceived) > timeout) suspect(context, node);
}
