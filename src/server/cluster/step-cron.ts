// What happens every 100 ms: connecting, pinging, suspecting (cluster-node 1.6).
import { updateAvailability } from './availability.js';
import { NodeFlag } from './flags.js';
import { sendPing } from './messages.js';
import type { NodeRecord } from './node-record.js';
import { suspect } from './step-failure.js';
import { expireManualFailover } from './step-votes.js';
import type { Turn } from './turn.js';

const UNPINGED = NodeFlag.myself | NodeFlag.noaddr | NodeFlag.handshake;
/** Nodes looked at for the random ping of each second. */
const PING_CANDIDATES = 5;

export function onCron(turn: Turn): void {
  const { state } = turn;
  state.refreshMyself();
  state.cronRuns++;
  maintainLinks(turn);
  if (state.cronRuns % 10 === 0) pingLongestSilent(turn);
  for (const node of state.nodes) {
    if ((node.flags & UNPINGED) === 0) watch(turn, node);
  }
  expireManualFailover(turn);
  if (!state.ok) updateAvailability(turn);
}

/** Steps 1 and 2: limits of buffers, handshakes that took too long, missing connections. */
function maintainLinks(turn: Turn): void {
  const { state, now } = turn;
  const { linkSendbufLimit: limit, nodeTimeout } = state.env.settings;
  const handshakeLimit = Math.max(nodeTimeout, 1000);
  const expired: NodeRecord[] = [];
  state.pfailCount = 0;
  for (const node of state.nodes) {
    if (limit > 0) dropOverLimit(turn, node, limit);
    if ((node.flags & (NodeFlag.myself | NodeFlag.noaddr)) !== 0) continue;
    if (node.has(NodeFlag.pfail)) state.pfailCount++;
    if (node.inHandshake && now - node.createdAt > handshakeLimit) expired.push(node);
    else if (node.link === null) turn.connect(node);
  }
  for (const node of expired) turn.deleteNode(node);
}

function dropOverLimit(turn: Turn, node: NodeRecord, limit: number): void {
  for (const link of [node.link, node.inboundLink]) {
    if (link === null || link.queuedBytes <= limit) continue;
    turn.log('warning', `Freeing ${link.inbound ? 'inbound' : 'outbound'} cluster link of node ${node.id}, exceeding send buffer memory limit.`);
    turn.close(link);
    turn.state.linksOverLimit++;
  }
}

/** Step 3: of a few random nodes, ping the one that was silent for longest. */
function pingLongestSilent(turn: Turn): void {
  const { state } = turn;
  let silent: NodeRecord | undefined;
  for (let i = 0; i < PING_CANDIDATES; i++) {
    const node = state.nodes[state.env.random.below(state.nodes.length)];
    if (node === undefined || node.link === null || node.pingSent !== 0) continue;
    if (node.has(NodeFlag.myself | NodeFlag.handshake)) continue;
    if (silent === undefined || node.pongReceived < silent.pongReceived) silent = node;
  }
  if (silent !== undefined) sendPing(turn, silent);
}

/** Step 4 for one node. */
function watch(turn: Turn, node: NodeRecord): void {
  const { state, now } = turn;
  const timeout = state.env.settings.nodeTimeout;
  const { link } = node;
  if (link !== null) {
    const stuck = node.pingSent !== 0 && now - node.pingSent > timeout / 2 && now - node.dataReceived > timeout / 2;
    if (stuck && now - link.createdAt > timeout) turn.close(link); // the next cron connects anew, the ping counts on
    if (node.pingSent === 0 && now - node.pongReceived > timeout / 2) {
      sendPing(turn, node);
      return;
    }
    if (node === state.manualFailover.replica && state.manualFailover.end !== 0) {
      sendPing(turn, node);
      return;
    }
  }
  if (node.pingSent === 0 || node.has(NodeFlag.pfail | NodeFlag.fail)) return;
  if (Math.min(now - node.pingSent, now - node.dataReceived) > timeout) suspect(turn, node);
}
