// A failover from the request to the moment everybody reachable agrees that the replica is the master. Not here: which
// replica, whether it may (cli and plan).
import { parseNodesText } from '../../cluster/nodes-text.js';
import type { NodeLine } from '../../cluster/nodes-text.js';
import { asString, parseInfo } from '../../client/read-reply.js';
import { TribError } from '../../errors.js';
import type { FailoverMode, NodeStep } from '../../plan/node-steps.js';
import { ReplyError } from '../../resp/reply.js';
import { delay } from '../delay.js';
import type { NodeLink } from '../node-link.js';
import { mapBounded } from '../parallel.js';
import type { StepJob } from './node-step.js';

type FailoverStep = Extract<NodeStep, { kind: 'failover' }>;

/** Servers give up after 5 s (cluster-node 4.4); a little more for the last election. */
const SERVER_GIVES_UP_MS = 5500;
/** Masters vote once in this many node timeouts for replicas of the same master (cluster-node 4.2). */
const VOTE_PAUSE_TIMEOUTS = 2;

function refused(name: string, mode: FailoverMode, error: ReplyError): TribError {
  const text = error.message;
  const hint = /master is down or failed/i.test(text)
    ? 'its master is down: --force asks the other masters to elect it, --takeover does without them'
    : /should send .* to a (replica|slave)/i.test(text)
      ? 'it is a master already; name one of its replicas'
      : 'look into the log of the node';
  return new TribError('FAILOVER_REFUSED', `Node ${name} refuses the failover (${mode}): ${text}`, { cause: error, hint });
}

/** Asks for the failover and waits for its result. Throws FAILOVER_REFUSED, FAILOVER_TIMEOUT, FAILOVER_UNSETTLED. */
export async function failOver(job: StepJob, { node, master, mode }: FailoverStep): Promise<void> {
  const replica = job.link(node);
  const start = Date.now();
  if (!(await attempt(job, replica, mode))) await again(job, replica, mode, start);
  await awaitAcceptance(job, node, master);
}

/** Asks once. False when the replica is one still after the server has given up. */
async function attempt(job: StepJob, replica: NodeLink, mode: FailoverMode): Promise<boolean> {
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

/**
 * The usual reason is an election shortly before: masters don't vote again so soon. One more attempt when that time is over,
 * if it is within what the user wants to wait; not more, as each stops writes on the master for 5 s.
 */
async function again(job: StepJob, replica: NodeLink, mode: FailoverMode, start: number): Promise<void> {
  const nodeTimeout = Number((await (await replica.admin()).configGet('cluster-node-timeout').catch(() => undefined)) ?? 15_000);
  const pauseMs = VOTE_PAUSE_TIMEOUTS * nodeTimeout;
  const restMs = Math.max(0, start + pauseMs - Date.now());
  const inTime = Date.now() + restMs + SERVER_GIVES_UP_MS <= start + job.timeoutMs;
  if (inTime && (mode === 'force' || (await linkUp(replica)))) {
    job.emit({ kind: 'warning', code: 'FAILOVER_AGAIN', message: `${replica.name} was not elected: masters vote once in ${pauseMs / 1000} s for the same shard. Asking once more${restMs > 0 ? ` in ${Math.ceil(restMs / 1000)} s` : ''}.` });
    await delay(restMs, job.signal);
    if (await attempt(job, replica, mode)) return;
  }
  throw await notPromoted(replica, mode, pauseMs);
}

async function nodesOf(link: NodeLink): Promise<NodeLine[]> {
  return parseNodesText(asString(await (await link.connection()).command(['CLUSTER', 'NODES'])));
}

async function linkUp(replica: NodeLink): Promise<boolean> {
  const info = parseInfo(asString(await (await replica.connection()).command(['INFO', 'replication'])));
  return info.get('master_link_status') === 'up';
}

/** Why nothing happened, as far as the replica tells. */
async function notPromoted(replica: NodeLink, mode: FailoverMode, pauseMs: number): Promise<TribError> {
  const votes = `most of the masters with slots must be reachable, and they vote once in ${pauseMs / 1000} s for the same shard`;
  const text = `${replica.name} is still a replica`;
  if (mode !== 'manual') {
    return new TribError('FAILOVER_TIMEOUT', `${text}: too few masters voted for it`, { hint: `${votes}. Run it again later; --takeover does without votes` });
  }
  if (!(await linkUp(replica))) {
    return new TribError('FAILOVER_TIMEOUT', `${text}: its link to the master is down, so it cannot catch up`, { hint: '--force does without the master; redis-trib nodes shows the links' });
  }
  return new TribError('FAILOVER_TIMEOUT', `${text}: it did not catch up with its master within 5 s, or too few masters voted for it`, { hint: `${votes}. Run it again later, or let it wait for that: --wait ${Math.ceil((pauseMs + 2 * SERVER_GIVES_UP_MS) / 1000)}` });
}

/** What is missing until all who can be reached take the new master for the owner; undefined when nothing is. */
async function unsettled(links: readonly NodeLink[], node: string, master: string): Promise<string | undefined> {
  const accounts = await mapBounded(links, 64, (link) => nodesOf(link).catch(() => undefined)); // who went away is not asked
  const slots = accounts.flatMap((lines) => lines?.find((line) => line.myself && line.id === node) ?? [])[0]?.slotText;
  const behind = links.filter((_, index) => {
    const lines = accounts[index];
    const seen = lines?.find((line) => line.id === node);
    const former = lines?.find((line) => line.id === master);
    const deposed = former === undefined || former.role === 'replica' || former.slotText === '';
    return lines !== undefined && !(seen?.role === 'master' && seen.slotText === slots && deposed);
  });
  return behind.length === 0 ? undefined : behind.slice(0, 3).map((link) => link.name).join(', ');
}

async function awaitAcceptance(job: StepJob, node: string, master: string): Promise<void> {
  const start = Date.now();
  for (let pause = 10; ; pause = Math.min(pause * 1.3, 100)) {
    const behind = await unsettled(job.links, node, master);
    if (behind === undefined) return;
    const waitedMs = Date.now() - start;
    job.emit({ kind: 'waiting', for: 'agreement', waitedMs });
    if (waitedMs > job.timeoutMs) {
      throw new TribError('FAILOVER_UNSETTLED', `${job.link(node).name} is the master now, but ${behind} did not accept it within ${Math.round(waitedMs / 1000)} s`, { hint: `redis-trib check ${job.link(node).name}` });
    }
    await delay(pause, job.signal);
  }
}
