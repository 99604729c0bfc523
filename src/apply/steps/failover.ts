// A failover from the request until every reachable node lists the replica as master. Not here: which replica, and whether it
// may (cli and plan).
import { parseNodesText } from '../../cluster/nodes-text.js';
import { SlotSet } from '../../cluster/slot-set.js';
import type { NodeLine } from '../../cluster/nodes-text.js';
import { asString, parseInfo } from '../../client/read-reply.js';
import { TribError } from '../../errors.js';
import type { FailoverMode, NodeStep } from '../../plan/node-steps.js';
import { linkAdvice } from '../../plan/replica-lag.js';
import { ReplyError } from '../../resp/reply.js';
import { delay } from '../node/delay.js';
import type { NodeLink } from '../node/node-link.js';
import { mapBounded } from '../node/parallel.js';
import { openedMeanwhile } from './opened-meanwhile.js';
import type { StepJob } from './step-job.js';

type FailoverStep = Extract<NodeStep, { kind: 'failover' }>;

/** Servers give up after 5 s (cluster-node.md 4.4); the rest allows for the last election. */
const SERVER_GIVES_UP_MS = 5500;
/** Masters vote once in this many node timeouts for replicas of the same master (cluster-node.md 4.2). */
const VOTE_PAUSE_TIMEOUTS = 2;
/** A replica starts its next election at the earliest four node timeouts after the last one, or this minimum. */
const CANDIDATE_PAUSE_TIMEOUTS = 4;
const CANDIDATE_PAUSE_MIN_MS = 4000;

function refused(name: string, mode: FailoverMode, error: ReplyError): TribError {
  const text = error.message;
  const hint = /master is down or failed/i.test(text)
    ? 'its master is down: --force asks the other masters to elect it, --takeover does without them'
    : /should send .* to a (replica|slave)/i.test(text)
      ? 'it is a master already; name one of its replicas'
      : 'see the log of the node';
  return new TribError('FAILOVER_REFUSED', `Node ${name} refuses the failover (${mode}): ${text}`, { cause: error, hint });
}

/** Requests the failover and waits for its result. Throws FAILOVER_REFUSED, FAILOVER_TIMEOUT, FAILOVER_UNSETTLED. */
export async function failOver(job: StepJob, { node, master, mode }: FailoverStep): Promise<void> {
  const replica = job.link(node);
  const start = Date.now();
  const first = await attempt(job, replica, mode, master);
  if (first === 'accepted') return warnOfOpenSlots(job, replica, master);
  const pauseMs = await candidatePause(replica);
  await untilNextElection(job, replica, mode, first, start, pauseMs);
  const second = await attempt(job, replica, mode, master);
  if (second !== 'accepted') throw await notPromoted(replica, mode, second, pauseMs);
  await warnOfOpenSlots(job, replica, master);
}

async function warnOfOpenSlots(job: StepJob, replica: NodeLink, master: string): Promise<void> {
  const message = await openedMeanwhile(job.links, replica, master);
  if (message !== undefined) job.emit({ kind: 'warning', code: 'OPENED_MEANWHILE', message });
}

/**
 * Result of a request. `reverted`: the replica was promoted and lost the role again. A server that has just won an election
 * counts those votes again and takes no new epoch. The former master then has the higher epoch and takes the slots back within
 * milliseconds (seen on 7.0.15).
 */
type ElectionOutcome = 'accepted' | 'not elected' | 'reverted';

async function attempt(job: StepJob, replica: NodeLink, mode: FailoverMode, master: string): Promise<ElectionOutcome> {
  if (!(await promoted(job, replica, mode))) return 'not elected';
  return (await accepted(job, replica, master)) ? 'accepted' : 'reverted';
}

/** Requests once. False when the node is still a replica after the server has given up. */
async function promoted(job: StepJob, replica: NodeLink, mode: FailoverMode): Promise<boolean> {
  try {
    await (await replica.admin()).failover(mode === 'manual' ? undefined : mode === 'force' ? 'FORCE' : 'TAKEOVER');
  } catch (error) {
    throw error instanceof ReplyError ? refused(replica.name, mode, error) : error;
  }
  const start = Date.now();
  for (let pause = 10; ; pause = Math.min(pause * 1.3, 100)) {
    const self = (await nodesOf(replica)).find((line) => line.myself);
    if (self?.role === 'master') return true;
    const waitedMs = Date.now() - start;
    job.emit({ kind: 'waiting', for: 'agreement', waitedMs });
    if (waitedMs > SERVER_GIVES_UP_MS) return false;
    await delay(pause, job.signal);
  }
}

async function candidatePause(replica: NodeLink): Promise<number> {
  const nodeTimeout = Number((await (await replica.admin()).configGet('cluster-node-timeout').catch(() => undefined)) ?? 15_000);
  return Math.max(CANDIDATE_PAUSE_MIN_MS, CANDIDATE_PAUSE_TIMEOUTS * nodeTimeout);
}

/**
 * The usual reason is a recent election: masters do not vote again so soon, and the replica does not request votes. Makes one
 * more attempt after that period if it fits the user's timeout; only one, because each attempt blocks writes on the master for
 * 5 s.
 */
async function untilNextElection(job: StepJob, replica: NodeLink, mode: FailoverMode, was: ElectionOutcome, start: number, pauseMs: number): Promise<void> {
  const restMs = Math.max(0, start + pauseMs - Date.now());
  const inTime = Date.now() + restMs + SERVER_GIVES_UP_MS <= start + job.timeoutMs;
  if (!inTime || (was === 'not elected' && mode === 'manual' && !(await linkUp(replica)))) throw await notPromoted(replica, mode, was, pauseMs);
  job.emit({ kind: 'warning', code: 'FAILOVER_AGAIN', message: `${replica.name} ${happened(was)}: after an election the next one in the same shard is possible ${pauseMs / 1000} s later. Requesting the failover once more${restMs > 0 ? ` in ${Math.ceil(restMs / 1000)} s` : ''}.` });
  await delay(restMs, job.signal);
}

function happened(was: ElectionOutcome): string {
  return was === 'reverted' ? 'was master for a moment by the votes of an earlier election, and is a replica again' : 'was not elected';
}

async function nodesOf(link: NodeLink): Promise<NodeLine[]> {
  return parseNodesText(asString(await (await link.connection()).command(['CLUSTER', 'NODES'])));
}

async function linkUp(replica: NodeLink): Promise<boolean> {
  const info = parseInfo(asString(await (await replica.connection()).command(['INFO', 'replication'])));
  return info.get('master_link_status') === 'up';
}

/** Why no promotion happened, as far as the replica reports it. */
async function notPromoted(replica: NodeLink, mode: FailoverMode, was: ElectionOutcome, pauseMs: number): Promise<TribError> {
  const votes = `most of the masters with slots must be reachable; they vote once in ${(pauseMs * VOTE_PAUSE_TIMEOUTS) / CANDIDATE_PAUSE_TIMEOUTS / 1000} s for the same shard, and a replica requests votes once in ${pauseMs / 1000} s`;
  const later = `Run it again later, or allow more time: --wait ${Math.ceil((pauseMs + 2 * SERVER_GIVES_UP_MS) / 1000)}`;
  if (was === 'reverted') {
    return new TribError('FAILOVER_TIMEOUT', `${replica.name} ${happened(was)}`, { hint: `a replica starts an election at most once in ${pauseMs / 1000} s. ${later}` });
  }
  const text = `${replica.name} is still a replica`;
  if (mode !== 'manual') {
    return new TribError('FAILOVER_TIMEOUT', `${text}: too few masters voted for it`, { hint: `${votes}. ${later}; --takeover works without votes` });
  }
  if (!(await linkUp(replica))) {
    return new TribError('FAILOVER_TIMEOUT', `${text}: its link to the master is down, so it cannot catch up`, { hint: linkAdvice({ syncing: false, downSeconds: 0 }, replica, { name: 'its master' }) });
  }
  return new TribError('FAILOVER_TIMEOUT', `${text}: it did not catch up with its master within 5 s, or too few masters voted for it`, { hint: `${votes}. ${later}` });
}

/**
 * Whether two sets are the same, apart from slots that the node itself imports: it learns the new owner of those only when
 * they are closed.
 */
function sameSlots(node: NodeLine | undefined, seen: SlotSet, wanted: SlotSet): boolean {
  const importing = new SlotSet(node?.importing.keys() ?? []);
  return seen.difference(importing).equals(wanted.difference(importing));
}

/** Names of nodes that do not list the new master as owner yet; undefined when it is a replica again. */
async function behind(links: readonly NodeLink[], node: string, master: string): Promise<string[] | undefined> {
  const accounts = await mapBounded(links, 64, (link) => nodesOf(link).catch(() => undefined)); // Unreachable nodes are skipped.
  const self = accounts.flatMap((lines) => lines?.find((line) => line.myself && line.id === node) ?? [])[0];
  if (self?.role === 'replica') return undefined;
  const late = links.filter((_, index) => {
    const lines = accounts[index];
    const seen = lines?.find((line) => line.id === node);
    const former = lines?.find((line) => line.id === master);
    const own = lines?.find(({ myself }) => myself);
    const demoted = former === undefined || former.role === 'replica' || sameSlots(own, former.slots, new SlotSet());
    return lines !== undefined && !(seen?.role === 'master' && (seen.slotText === self?.slotText || sameSlots(own, seen.slots, self?.slots ?? new SlotSet())) && demoted);
  });
  return late.map((link) => link.name);
}

/** Waits until all nodes agree. False when the replica lost the role again. */
async function accepted(job: StepJob, replica: NodeLink, master: string): Promise<boolean> {
  const start = Date.now();
  for (let pause = 10; ; pause = Math.min(pause * 1.3, 100)) {
    const late = await behind(job.links, replica.id, master);
    if (late === undefined || late.length === 0) return late !== undefined;
    const waitedMs = Date.now() - start;
    job.emit({ kind: 'waiting', for: 'agreement', waitedMs });
    if (waitedMs > job.timeoutMs) {
      throw new TribError('FAILOVER_UNSETTLED', `${replica.name} is the master now, but ${late.slice(0, 3).join(', ')} did not accept it within ${Math.round(waitedMs / 1000)} s`, { hint: `redis-trib check ${replica.name}` });
    }
    await delay(pause, job.signal);
  }
}
