// Steps of a node that leaves: FORGET on the others, then reset or shutdown. Not here: moving its slots away.
import { parseNodesText } from '../../cluster/nodes-text.js';
import { asString } from '../../client/read-reply.js';
import { ConnectionLost } from '../../client/connection-errors.js';
import { TribError } from '../../errors.js';
import { ReplyError } from '../../resp/reply.js';
import { delay } from '../node/delay.js';
import type { NodeLink } from '../node/node-link.js';
import { mapBounded } from '../node/parallel.js';
import type { StepJob } from './step-job.js';

/**
 * Makes one node forget another. Succeeds if the node does not know the target. An unreachable node only causes a warning: when
 * it is back, its gossip may bring the removed node back, but the other FORGETs must not wait longer than the 60 s of the
 * blacklist of CLUSTER FORGET.
 */
export async function forget(job: StepJob, nodeId: string, targetId: string): Promise<void> {
  const link = job.link(nodeId);
  try {
    await (await link.admin()).forget(targetId);
  } catch (error) {
    job.signal?.throwIfAborted();
    if (error instanceof ReplyError) {
      if (/unknown node/i.test(error.message)) return;
      throw new TribError('FORGET_REFUSED', `Node ${link.name} does not forget ${targetId}: ${error.message}`, { cause: error, hint: 'solve the problem and run the same command again; nodes that have already forgotten it accept that' });
    }
    if (!(error instanceof TribError)) throw error;
    const message = `${link.name} could not be reached (${error.message}): when it is back it will bring the node back by gossip; then run: redis-trib forget ${link.name} ${targetId}`;
    job.emit({ kind: 'warning', code: 'NOT_TOLD', message });
  }
}

/** The reachable nodes that list the target. */
async function stillKnownBy(links: readonly NodeLink[], targetId: string): Promise<NodeLink[]> {
  const known = await mapBounded(links, 64, async (link) => {
    try {
      const text = asString(await (await link.connection()).command(['CLUSTER', 'NODES']));
      return parseNodesText(text).some((line) => line.id === targetId);
    } catch (error) {
      if (error instanceof ConnectionLost || error instanceof TribError) return false; // `forget` has warned about it.
      throw error;
    }
  });
  return links.filter((_, index) => known[index] === true);
}

const FORGOTTEN_MS = 10_000;
/** A gossip section in flight may arrive after FORGET; the blacklist rejects it. This many polls in a row confirm it. */
const POLLS = 3;

/**
 * Polls several times, 100 ms apart, whether any node lists the target, and sends FORGET again: a handshake in progress at the
 * time of FORGET ignores the blacklist and brings the node back (cluster-node.md 2.3). Throws STILL_KNOWN with the nodes after
 * 10 s.
 */
export async function awaitForgotten(job: StepJob, targetId: string): Promise<void> {
  const links = job.links.filter((link) => link.id !== targetId);
  const deadline = Date.now() + FORGOTTEN_MS;
  for (let quiet = 0; quiet < POLLS; ) {
    const holders = await stillKnownBy(links, targetId);
    quiet = holders.length === 0 ? quiet + 1 : 0;
    if (quiet === POLLS) return;
    if (Date.now() > deadline) {
      throw new TribError('STILL_KNOWN', `${holders.slice(0, 5).map(({ name }) => name).join(', ')} still list node ${targetId}`, { hint: 'run the same command again; all nodes must forget it within 60 s' });
    }
    await Promise.all(holders.map((link) => forget(job, link.id, targetId)));
    await delay(100, job.signal);
  }
}

export async function flush(job: StepJob, nodeId: string): Promise<void> {
  await (await job.link(nodeId).admin()).flushAll();
}

export async function flushFunctions(job: StepJob, nodeId: string): Promise<void> {
  await (await job.link(nodeId).admin()).functionFlush();
}

export async function reset(job: Pick<StepJob, 'link'>, nodeId: string, mode: 'soft' | 'hard'): Promise<void> {
  const link = job.link(nodeId);
  try {
    await (await link.admin()).reset(mode === 'hard' ? 'HARD' : 'SOFT');
  } catch (error) {
    if (!(error instanceof ReplyError)) throw error;
    throw new TribError('RESET_REFUSED', `Node ${link.name} refuses the reset: ${error.message}`, { cause: error, hint: `redis-trib reset ${link.name}` });
  }
}

export async function shutdown(job: StepJob, nodeId: string): Promise<void> {
  await (await job.link(nodeId).admin()).shutdown();
}
