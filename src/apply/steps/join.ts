// Steps of a node that joins: copying functions and CLUSTER MEET. Not here: waiting for agreement (agreement.ts).
import { TribError } from '../../errors.js';
import { ReplyError } from '../../resp/reply.js';
import type { NodeLink } from '../node/node-link.js';
import { mapBounded } from '../node/parallel.js';
import type { StepJob } from './step-job.js';

/** Copies the functions of the cluster to a new master (cli.md 2.9 step 4). Servers before 7.0 have none. */
export async function copyFunctions(job: StepJob, sourceId: string, nodeId: string): Promise<void> {
  const target = job.link(nodeId);
  const payload = await dumpFunctions(job, job.link(sourceId));
  if (payload === undefined) return;
  try {
    await (await target.admin()).functionRestore(payload);
  } catch (error) {
    if (!(error instanceof ReplyError)) throw error;
    throw new TribError('FUNCTIONS', `Node ${target.name} refuses the functions of the cluster: ${error.message}`, {
      cause: error,
      hint: 'add it without them with --no-functions',
    });
  }
}

async function dumpFunctions(job: StepJob, source: NodeLink): Promise<string | undefined> {
  try {
    return await (await source.admin()).functionDump();
  } catch (error) {
    if (!(error instanceof ReplyError)) throw error;
    job.emit({ kind: 'warning', code: 'NO_FUNCTIONS', message: `functions are not copied: ${source.name} replied: ${error.message}` });
    return undefined;
  }
}

/**
 * Meets the peer, then all others: gossip alone would take seconds until all know the new node (cluster-node.md 3.2). Only the
 * first MEET must succeed.
 */
export async function join(job: StepJob, nodeId: string, peerId: string): Promise<void> {
  const node = job.link(nodeId);
  await meet(node, job.link(peerId));
  const others = job.links.filter((link) => link.id !== nodeId && link.id !== peerId);
  await mapBounded(others, 64, (peer) => meet(node, peer).catch(() => undefined));
}

async function meet(node: NodeLink, peer: NodeLink): Promise<void> {
  await (await node.admin()).meet(await peer.meetHost(), peer.announced.port, peer.busPort);
}
