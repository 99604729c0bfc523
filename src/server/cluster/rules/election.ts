// The election of a replica in place of its failed master, or of a master in a manual failover (cluster-node.md 4.1, 4.2).
// How others vote is in votes.ts, what winning does in promotion.ts.
import { quorum } from '../state/availability.js';
import type { FailoverObstacle } from '../state/failover-state.js';
import { NodeFlag } from '../state/flags.js';
import type { NodeRecord } from '../state/node-record.js';
import type { ClusterState } from '../state/state.js';
import type { StepContext } from '../state/step-context.js';
import type { PacketHeader } from '../wire/packet.js';
import { pongSiblings, requestVotes } from './messages.js';
import { takeOverSlots } from './promotion.js';

/** Before a replica asks for votes: time for FAIL to spread, and a random part so that two replicas rarely collide, ms. */
const DELAY_MS = 500;
/** Additional delay for each replica that is ahead of us, ms. */
const RANK_DELAY_MS = 1000;
/** The same obstacle is logged again after this time, ms. */
const OBSTACLE_RELOG_MS = 300_000;
/** Obstacles are not logged until the master has been in FAIL for the node timeout plus this time, ms. */
const OBSTACLE_GRACE_MS = 5000;

const OBSTACLES: Readonly<Record<FailoverObstacle, string>> = {
  none: '',
  dataAge: "Disconnected from master for longer than allowed. Please check the 'cluster-replica-validity-factor' configuration option.",
  waitingDelay: 'Waiting the delay before I can start a new failover.',
  expired: 'Failover attempt expired.',
  waitingVotes: 'Waiting for votes, but majority still not reached.',
};

/** How long an election waits for votes, ms. */
export function voteTimeout(state: ClusterState): number {
  return Math.max(2 * state.env.settings.nodeTimeout, 2000);
}

/** Advances the election by one step. Called by the cron, with each vote and in a manual failover. */
export function runElection(context: StepContext): void {
  const { state } = context;
  if (!mayReplaceMaster(state)) {
    state.election.obstacle = 'none';
    return;
  }
  if (state.manualFailover.end === 0 && isDataTooOld(state)) logObstacle(context, 'dataAge');
  else if (context.now - state.election.time > 2 * voteTimeout(state)) schedule(context);
  else proceed(context);
}

/** 4.2 step 1: a replica becomes a candidate only for a failed master with slots, or in a manual failover that may start. */
function mayReplaceMaster(state: ClusterState): boolean {
  const { myself, manualFailover, env } = state;
  const { master } = myself;
  if (!myself.isReplica || master === null || master.slots.count === 0) return false;
  const manual = manualFailover.end !== 0 && manualFailover.canStart;
  return manual || (master.has(NodeFlag.fail) && !env.settings.replicaNoFailover);
}

/** 4.1: a replica whose data is too old must not replace its master. Factor 0 permits any age. */
function isDataTooOld({ env }: ClusterState): boolean {
  const { nodeTimeout, replicaValidityFactor, replPingPeriodMs } = env.settings;
  if (replicaValidityFactor === 0) return false;
  const age = env.dataAgeMs();
  const beyondTimeout = age > nodeTimeout ? age - nodeTimeout : age;
  return beyondTimeout > replPingPeriodMs + nodeTimeout * replicaValidityFactor;
}

/** How many other replicas of our master have more of its data than we have. */
export function failoverRank({ myself, env }: ClusterState): number {
  const own = env.replOffset();
  const replicas = myself.master?.replicas ?? [];
  return replicas.filter((other) => other !== myself && !other.has(NodeFlag.nofailover) && other.replOffset > own).length;
}

/** Step 3: plans the vote request. In a manual failover it is sent at once, otherwise after a delay that grows with the rank. */
function schedule(context: StepContext): void {
  const { state, now } = context;
  const { election, env } = state;
  const manual = state.manualFailover.end !== 0;
  const rank = manual ? 0 : failoverRank(state);
  const delay = manual ? 0 : DELAY_MS + env.random.below(DELAY_MS) + rank * RANK_DELAY_MS;
  election.schedule(now + delay, rank);
  context.log('warning', `Start of election delayed for ${delay} milliseconds (rank #${rank}, offset ${env.replOffset()}).`);
  // The other replicas learn our offset now, so that they rank themselves correctly.
  pongSiblings(context);
  if (manual) proceed(context);
}

/**
 * 4.2 steps 4 to 8: updates the rank, waits for the delay, requests votes, then counts them until this node wins or the
 * attempt expires.
 */
function proceed(context: StepContext): void {
  const { state, now } = context;
  const { election } = state;
  if (!election.sent && state.manualFailover.end === 0) raiseRank(context);
  if (now < election.time) logObstacle(context, 'waitingDelay');
  else if (now - election.time > voteTimeout(state)) logObstacle(context, 'expired');
  else if (!election.sent) askForVotes(context);
  else if (election.voters.size >= quorum(Math.max(election.size, state.size, state.sizeWhenCovered))) win(context);
  else logObstacle(context, 'waitingVotes');
}

/** Step 4: another replica turned out to be ahead of us. */
function raiseRank(context: StepContext): void {
  const { election } = context.state;
  const rank = failoverRank(context.state);
  if (rank <= election.rank) return;
  const added = (rank - election.rank) * RANK_DELAY_MS;
  election.time += added;
  election.rank = rank;
  context.log('warning', `Replica rank updated to #${rank}, added ${added} milliseconds of delay.`);
}

/** Step 7. The new epoch is on disk before a request leaves (1.7). */
function askForVotes(context: StepContext): void {
  const { state } = context;
  state.currentEpoch++;
  // This node must not vote in the epoch that it may win as a master: its vote could give a second candidate a majority.
  state.lastVoteEpoch = state.currentEpoch;
  state.election.epoch = state.currentEpoch;
  state.election.size = state.size;
  state.election.sent = true;
  context.log('warning', `Starting a failover election for epoch ${state.currentEpoch}.`);
  requestVotes(context, state.manualFailover.end !== 0);
  context.needUpdate();
  context.needFsync();
}

/** A master grants us its vote. Only votes for the epoch of our request count, at most one per master. */
export function onVote(context: StepContext, voter: NodeRecord, header: PacketHeader): void {
  const { election } = context.state;
  if (!voter.isMaster || voter.slots.count === 0) return;
  if (!election.sent || header.currentEpoch !== election.epoch) return;
  election.voters.add(voter.id);
  runElection(context);
}

/** 4.2 step 8: takes the epoch of the election and the slots of the master. */
function win(context: StepContext): void {
  const { state } = context;
  const { myself, election } = state;
  context.log('warning', "Failover election won: I'm the new master.");
  if (myself.configEpoch < election.epoch) {
    myself.configEpoch = election.epoch;
    context.log('warning', `configEpoch set to ${myself.configEpoch} after successful failover`);
  }
  takeOverSlots(context);
}

/** Logs why no failover happens: when the reason is new, or old enough to be repeated. */
function logObstacle(context: StepContext, obstacle: FailoverObstacle): void {
  const { state, now } = context;
  const { election, env } = state;
  if (obstacle === election.obstacle && now - election.obstacleLoggedAt < OBSTACLE_RELOG_MS) return;
  election.obstacle = obstacle;
  const { master } = state.myself;
  // Soon after the failure the failover may still be under way, so nothing is logged yet.
  if (master?.has(NodeFlag.fail) === true && now - master.failTime < env.settings.nodeTimeout + OBSTACLE_GRACE_MS) return;
  election.obstacleLoggedAt = now;
  context.log('warning', `Currently unable to failover: ${OBSTACLES[obstacle]}`);
}
