// Waits for a replica: its link up, its role known everywhere. Not here: telling it whom to follow (apply-plan.ts).
import { parseNodesText } from '../../cluster/nodes-text.js';
import { asString, parseInfo } from '../../client/read-reply.js';
import { TribError } from '../../errors.js';
import { delay } from '../delay.js';
import type { NodeLink } from '../node-link.js';
import { mapBounded } from '../parallel.js';
import type { StepJob } from './step-job.js';

type Facts = ReadonlyMap<string, string>;

/** INFO of these sections. */
async function factsOf(link: NodeLink, ...sections: readonly string[]): Promise<Facts> {
  const replies = await (await link.connection()).pipeline(sections.map((section) => ['INFO', section]));
  return parseInfo(replies.map(asString).join('\n'));
}

/** What keeps it from replicating, undefined for nothing. */
function linkProblem(info: Facts): string | undefined {
  if (info.get('role') !== 'slave') return 'it is not a replica';
  const status = info.get('master_link_status');
  if (status === 'up') return undefined;
  const down = info.get('master_link_down_since_seconds');
  const since = down === undefined || !(Number(down) > 0) ? '' : ` for ${down} s`;
  const sync = info.get('master_sync_in_progress') === '1' ? ', and a first copy of the data, begun once or again and again, does not advance' : '';
  return `it says that its link to the master is ${status ?? 'unknown'}${since}${sync}`;
}

/** A copy may break off and begin again this often and still be waited for. */
const ATTEMPTS = 3;

/**
 * How far the first copy came: the master writes it, the replica receives it, then loads it. A copy that fails begins again
 * and shows a sync in progress each time, so what counts is going beyond all earlier attempts, in the first few of them.
 */
class Advance {
  private readonly seen = new Map<string, { furthest: number; last: number; attempts: number }>();

  /** True when any of these has never been so far. */
  note(replica: Facts, master: Facts): boolean {
    const measures: readonly (readonly [string, string | undefined])[] = [
      ['received', replica.get('master_sync_read_bytes')],
      ['loaded', replica.get('loading_loaded_bytes')],
      ['saved', master.get('current_save_keys_processed')],
      ['saving', master.get('rdb_current_bgsave_time_sec')], // servers before 6.2 count no keys
    ];
    return measures.map(([what, text]) => this.further(what, Number(text ?? 0))).includes(true);
  }

  private further(what: string, value: number): boolean {
    const { furthest, last, attempts } = this.seen.get(what) ?? { furthest: 0, last: 0, attempts: 1 };
    this.seen.set(what, { furthest: Math.max(furthest, value), last: value, attempts: value < last ? attempts + 1 : attempts });
    return value > furthest && attempts <= ATTEMPTS;
  }
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

interface Look {
  /** What is missing; undefined: nothing. */
  readonly problem: string | undefined;
  /** A first copy is on its way and came further. */
  readonly advanced: boolean;
}

async function look(job: StepJob, nodeId: string, masterId: string, advance: Advance): Promise<Look> {
  const replica = await factsOf(job.link(nodeId), 'replication', 'persistence');
  const problem = linkProblem(replica);
  if (problem !== undefined) {
    if (replica.get('master_sync_in_progress') !== '1') return { problem, advanced: false };
    const master = await factsOf(job.link(masterId), 'persistence').catch((): Facts => new Map());
    return { problem, advanced: advance.note(replica, master) };
  }
  const names = await unaware(job.links, nodeId, masterId);
  return { problem: names.length === 0 ? undefined : `${names.slice(0, 3).join(', ')} did not hear of it yet`, advanced: false };
}

/**
 * Polls until the replica replicates and everybody knows. A first copy that advances may take as long as it needs. Throws
 * NOT_REPLICATING when nothing advanced for the job's timeout, saying what is missing.
 */
export async function awaitReplication(job: StepJob, nodeId: string, masterId: string): Promise<void> {
  const start = Date.now();
  const advance = new Advance();
  let deadline = start + job.timeoutMs;
  for (let pause = 20; ; pause = Math.min(pause * 1.3, 250)) {
    const { problem, advanced } = await look(job, nodeId, masterId, advance);
    if (problem === undefined) return;
    const now = Date.now();
    if (advanced) deadline = now + job.timeoutMs;
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
