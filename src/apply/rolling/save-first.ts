// Saves a master's data before its restart without a failover: a server that is killed, or stopped with NOSAVE, loads the last
// dump. Not here: the comparison of keys afterwards (kept-data.ts).
import { TribError } from '../../errors.js';
import { ReplyError, fromBinary } from '../../resp/reply.js';
import { delay } from '../node/delay.js';
import type { Cluster } from '../open-cluster.js';

const POLL_MS = 50;

interface Saved {
  /** Write commands since the last save. */
  readonly changes: number;
  readonly at: string | undefined;
  readonly saving: boolean;
  readonly failed: boolean;
  readonly appendOnly: boolean;
}

async function savedState(cluster: Cluster, id: string): Promise<Saved> {
  const info = await (await cluster.admin(id)).info('persistence');
  const of = (field: string): string | undefined => info.get(field);
  return { changes: Number(of('rdb_changes_since_last_save') ?? 0), at: of('rdb_last_save_time'), saving: of('rdb_bgsave_in_progress') === '1', failed: of('rdb_last_bgsave_status') === 'err', appendOnly: of('aof_enabled') === '1' };
}

/** SCHEDULE: also while an append-only file is rewritten. Servers before 3.2.2 do not know it. */
async function startSave(cluster: Cluster, id: string): Promise<void> {
  const connection = await cluster.connection(id);
  const [reply] = await connection.pipeline([['BGSAVE', 'SCHEDULE']]);
  if (!(reply instanceof ReplyError)) return;
  if (!/syntax|wrong number/i.test(reply.message)) throw reply;
  await connection.command(['BGSAVE']);
}

/** Waits for a save that ends after the look `before`. Throws TribError NOT_SAVED when it fails, or takes longer than `timeoutMs`. */
async function awaitSave(cluster: Cluster, id: string, before: Saved, timeoutMs: number, signal: AbortSignal | undefined): Promise<void> {
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    await delay(POLL_MS, signal);
    const now = await savedState(cluster, id);
    if (!now.saving && !now.failed && (now.at !== before.at || now.changes < before.changes)) return;
    if (!now.saving && now.failed) throw new TribError('NOT_SAVED', 'the save failed');
    if (performance.now() > deadline) throw new TribError('NOT_SAVED', `the save took longer than ${timeoutMs / 1000} s`);
  }
}

/**
 * BGSAVE, when the node has unsaved writes. Throws TribError NOT_SAVED when it cannot save and has no append-only file. Returns a
 * warning when it has one, which a start without `appendonly yes` in its configuration would not read.
 */
export async function saveFirst(cluster: Cluster, { id, name }: { readonly id: string; readonly name: string }, timeoutMs: number, signal: AbortSignal | undefined): Promise<string | undefined> {
  let appendOnly = false;
  try {
    const before = await savedState(cluster, id);
    ({ appendOnly } = before);
    if (before.changes === 0) return undefined;
    if (!before.saving) await startSave(cluster, id);
    await awaitSave(cluster, id, before, timeoutMs, signal);
    return undefined;
  } catch (error) {
    const expected = error instanceof ReplyError || (error instanceof TribError && error.code === 'NOT_SAVED');
    if (!expected) throw error;
    const why = error instanceof ReplyError ? fromBinary(error.message) : error.message;
    if (appendOnly) return `${name} did not save before its restart (${why}); its append-only file has its data if appendonly yes is in its configuration file`;
    throw new TribError('NOT_SAVED', `${name} has unsaved writes and did not save before its restart: ${why}`, {
      hint: 'see its log and CONFIG GET dir; the user needs permission for INFO and BGSAVE; --lose-data restarts without saving',
      cause: error,
    });
  }
}
