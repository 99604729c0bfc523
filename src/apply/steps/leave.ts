// Steps of a node that leaves: forgotten by the others, reset or shut down. Not here: moving its slots away first.
import { parseNodesText } from '../../cluster/nodes-text.js';
import { asString } from '../../client/read-reply.js';
import { ConnectionLost } from '../../client/connection-errors.js';
import { TribError } from '../../errors.js';
import { ReplyError } from '../../resp/reply.js';
import { delay } from '../delay.js';
import type { NodeLink } from '../node-link.js';
import { mapBounded } from '../parallel.js';
import type { StepJob } from './step-job.js';

/**
 * Tells one node to forget another. A node that doesn't know it is content; one that went away meanwhile is a warning: it
 * would spoil the removal if it came back, but must not stop the others from being told within the 60 s of the ban.
 */
export async function forget(job: StepJob, nodeId: string, targetId: string): Promise<void> {
  const link = job.link(nodeId);
  try {
    await (await link.admin()).forget(targetId);
  } catch (error) {
    job.signal?.throwIfAborted();
    if (error instanceof ReplyError) {
      if (/unknown node/i.test(error.message)) return;
      throw new TribError('FORGET_REFUSED', `Node ${link.name} does not forget ${targetId}: ${error.message}`, { cause: error, hint: 'set right what it says and run the same command again: those who forgot the node already don\'t mind' });
    }
    if (!(error instanceof TribError)) throw error;
    const message = `${link.name} could not be told (${error.message}): when it is back it will spread the node again; then run: redis-trib forget ${link.name} ${targetId}`;
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
      if (error instanceof ConnectionLost || error instanceof TribError) return false; // told about by `forget`
      throw error;
    }
  });
  return links.filter((_, index) => known[index] === true);
}

const FORGOTTEN_MS = 10_000;
/** A gossip section in flight may arrive after FORGET; the ban refuses it, and this many looks in a row prove it. */
const LOOKS = 3;

/**
 * Looks several times, 100 ms apart, whether anybody lists the target, and tells them again: a handshake that was under way
 * when FORGET came knows no ban and brings the node back (cluster-node 2.3). Throws STILL_KNOWN naming them after 10 s.
 */
export async function awaitForgotten(job: StepJob, targetId: string): Promise<void> {
  const links = job.links.filter((link) => link.id !== targetId);
  const deadline = Date.now() + FORGOTTEN_MS;
  for (let quiet = 0; quiet < LOOKS; ) {
    const holders = await stillKnownBy(links, targetId);
    quiet = holders.length === 0 ? quiet + 1 : 0;
    if (quiet === LOOKS) return;
    if (Date.now() > deadline) {
      throw new TribError('STILL_KNOWN', `${holders.slice(0, 5).map(({ name }) => name).join(', ')} still know node ${targetId}`, { hint: 'run the same command again; all nodes must be told within 60 s' });
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

export async function reset(job: StepJob, nodeId: string, mode: 'soft' | 'hard'): Promise<void> {
  const link = job.link(nodeId);
  try {
    await (await link.admin()).reset(mode === 'hard' ? 'HARD' : 'SOFT');
  } catch (error) {
    if (!(error instanceof ReplyError)) throw error;
    throw new TribError('RESET_REFUSED', `Node ${link.name} does not reset itself: ${error.message}`, { cause: error, hint: `redis-trib reset ${link.name} tells more` });
  }
}

export async function shutdown(job: StepJob, nodeId: string): Promise<void> {
  await (await job.link(nodeId).admin()).shutdown();
}
