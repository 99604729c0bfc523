// Waits for a replica: its link up, its role known everywhere. Not here: telling it whom to follow (apply-plan.ts).
import { parseNodesText } from '../../cluster/nodes-text.js';
import { asString, parseInfo } from '../../client/read-reply.js';
import { TribError } from '../../errors.js';
import { delay } from '../delay.js';
import type { NodeLink } from '../node-link.js';
import { mapBounded } from '../parallel.js';
import type { StepJob } from './step-job.js';

async function linkState(link: NodeLink): Promise<string | undefined> {
  const info = parseInfo(asString(await (await link.connection()).command(['INFO', 'replication'])));
  if (info.get('role') !== 'slave') return 'it is not a replica';
  if (info.get('master_link_status') === 'up') return undefined;
  return info.get('master_sync_in_progress') === '1' ? 'the first copy of the data is on its way' : `its link to the master is ${info.get('master_link_status') ?? 'unknown'}`;
}

/** Names of the nodes that list `nodeId`, but not as a replica of `masterId`. A node that left knows and says nothing. */
async function unaware(links: readonly NodeLink[], nodeId: string, masterId: string): Promise<string[]> {
  const aware = await mapBounded(links, 64, async (link) => {
    try {
      const text = asString(await (await link.connection()).command(['CLUSTER', 'NODES']));
      return parseNodesText(text).every((line) => line.id !== nodeId || (line.role === 'replica' && line.masterId === masterId));
    } catch (error) {
      if (error instanceof TribError) return true;
      throw error;
    }
  });
  return links.filter((_, index) => aware[index] !== true).map((link) => link.name);
}

async function missing(job: StepJob, nodeId: string, masterId: string): Promise<string | undefined> {
  const state = await linkState(job.link(nodeId));
  if (state !== undefined) return state;
  const names = await unaware(job.links, nodeId, masterId);
  return names.length === 0 ? undefined : `${names.slice(0, 3).join(', ')} did not hear of it yet`;
}

/** Polls until the replica replicates and everybody knows. Throws NOT_REPLICATING after the job's timeout, saying what is missing. */
export async function awaitReplication(job: StepJob, nodeId: string, masterId: string): Promise<void> {
  const start = Date.now();
  let deadline = start + job.timeoutMs;
  for (let pause = 20; ; pause = Math.min(pause * 1.3, 250)) {
    const problem = await missing(job, nodeId, masterId);
    if (problem === undefined) return;
    const now = Date.now();
    // A copy that is under way may take as long as it needs.
    if (problem.startsWith('the first copy')) deadline = now + job.timeoutMs;
    job.emit({ kind: 'waiting', for: 'replication', waitedMs: now - start });
    if (now > deadline) {
      const { name } = job.link(nodeId);
      throw new TribError('NOT_REPLICATING', `${name} does not replicate after ${Math.round((now - start) / 1000)} s: ${problem}`, {
        hint: 'its master must be reachable from it, and masterauth must be set where nodes have passwords; look into its log',
      });
    }
    await delay(pause, job.signal);
  }
}
