// Waits for a replica: its link up, its role known to all nodes. Not here: REPLICATE (apply-plan.ts).
import { parseNodesText } from '../../cluster/nodes-text.js';
import { asString, parseInfo } from '../../client/read-reply.js';
import { TribError } from '../../errors.js';
import { ReplyError } from '../../resp/reply.js';
import { delay } from '../node/delay.js';
import type { NodeLink } from '../node/node-link.js';
import { mapBounded } from '../node/parallel.js';
import type { StepJob } from './step-job.js';

type Facts = ReadonlyMap<string, string>;

/** The fields of these INFO sections. */
async function factsOf(link: NodeLink, ...sections: readonly string[]): Promise<Facts> {
  const replies = await (await link.connection()).pipeline(sections.map((section) => ['INFO', section]));
  return parseInfo(replies.map(asString).join('\n'));
}

/** Why it does not replicate; undefined when it does. */
function linkProblem(info: Facts): string | undefined {
  if (info.get('role') !== 'slave') return 'it is not a replica';
  const status = info.get('master_link_status');
  if (status === 'up') return undefined;
  const down = info.get('master_link_down_since_seconds');
  const since = down === undefined || !(Number(down) > 0) ? '' : ` for ${down} s`;
  const sync = info.get('master_sync_in_progress') === '1' ? ', and its full sync makes no progress' : '';
  return `it reports its link to the master as ${status ?? 'unknown'}${since}${sync}`;
}

/** Number of attempts of a full sync that count as progress; later ones are the same sync failing again and again. */
const ATTEMPTS = 3;

/**
 * Progress of the full sync: the master writes, the replica receives, then loads. A failed sync restarts and reports "in
 * progress" each time. So progress means exceeding all earlier attempts, during the first few of them.
 */
class SyncProgress {
  private readonly seen = new Map<string, { furthest: number; last: number; attempts: number }>();

  /** True when any of these exceeds its maximum so far. */
  note(replica: Facts, master: Facts): boolean {
    const measures: readonly (readonly [string, string | undefined])[] = [
      ['received', replica.get('master_sync_read_bytes')],
      ['loaded', replica.get('loading_loaded_bytes')],
      ['saved', master.get('current_save_keys_processed')],
      ['saving', master.get('rdb_current_bgsave_time_sec')], // Servers before 6.2 report no key counts.
    ];
    return measures.map(([what, text]) => this.further(what, Number(text ?? 0))).includes(true);
  }

  private further(what: string, value: number): boolean {
    const { furthest, last, attempts } = this.seen.get(what) ?? { furthest: 0, last: 0, attempts: 1 };
    this.seen.set(what, { furthest: Math.max(furthest, value), last: value, attempts: value < last ? attempts + 1 : attempts });
    return value > furthest && attempts <= ATTEMPTS;
  }
}

/** Names of the nodes that list `nodeId`, but not as a replica of `masterId`. Nodes that left are skipped. */
async function unaware(links: readonly NodeLink[], nodeId: string, masterId: string): Promise<string[]> {
  const aware = await mapBounded(links, 64, async (link) => {
    try {
      const text = asString(await (await link.connection()).command(['CLUSTER', 'NODES']));
      return parseNodesText(text).every((line) => line.id !== nodeId || (line.role === 'replica' && line.masterId === masterId));
    } catch (error) {
      if (error instanceof TribError) return true;
      if (error instanceof ReplyError && error.code === 'LOADING') return false;
      throw error;
    }
  });
  return links.filter((_, index) => aware[index] !== true).map((link) => link.name);
}

interface ReplicationProblem {
  /** What is missing; undefined when nothing is. */
  readonly problem: string | undefined;
  /** The full sync has made progress. */
  readonly progressed: boolean;
}

async function readProblem(job: StepJob, nodeId: string, masterId: string, progress: SyncProgress): Promise<ReplicationProblem> {
  const replica = await factsOf(job.link(nodeId), 'replication', 'persistence');
  const problem = linkProblem(replica);
  if (problem !== undefined) {
    if (replica.get('master_sync_in_progress') !== '1') return { problem, progressed: false };
    const master = await factsOf(job.link(masterId), 'persistence').catch((): Facts => new Map());
    return { problem, progressed: progress.note(replica, master) };
  }
  const names = await unaware(job.links, nodeId, masterId);
  return { problem: names.length === 0 ? undefined : `${names.slice(0, 3).join(', ')} do not list it as a replica yet`, progressed: false };
}

/**
 * Polls until the replica replicates and all nodes know its role. A full sync that makes progress may take any time. Throws
 * NOT_REPLICATING, with what is missing, when nothing progressed for the job's timeout.
 */
export async function awaitReplication(job: StepJob, nodeId: string, masterId: string): Promise<void> {
  const start = Date.now();
  const progress = new SyncProgress();
  let deadline = start + job.timeoutMs;
  for (let pause = 20; ; pause = Math.min(pause * 1.3, 250)) {
    const { problem, progressed } = await readProblem(job, nodeId, masterId, progress);
    if (problem === undefined) return;
    const now = Date.now();
    if (progressed) deadline = now + job.timeoutMs;
    job.emit({ kind: 'waiting', for: 'replication', waitedMs: now - start });
    if (now > deadline) {
      const { name } = job.link(nodeId);
      throw new TribError('NOT_REPLICATING', `${name} does not replicate after ${Math.round((now - start) / 1000)} s: ${problem}`, {
        hint: 'its master must be reachable from it, and masterauth must be set where nodes have passwords; see its log',
      });
    }
    await delay(pause, job.signal);
  }
}
