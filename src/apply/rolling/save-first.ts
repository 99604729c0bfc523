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

interface Patience {
  readonly timeoutMs: number;
  readonly signal: AbortSignal | undefined;
}

/** The first look for which `ended` holds. Throws TribError NOT_SAVED after `timeoutMs`. */
async function awaitState(cluster: Cluster, id: string, { timeoutMs, signal }: Patience, ended: (now: Saved) => boolean): Promise<Saved> {
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    const now = await savedState(cluster, id);
    if (ended(now)) return now;
    if (performance.now() > deadline) throw new TribError('NOT_SAVED', `the save took longer than ${timeoutMs / 1000} s (--wait)`);
    await delay(POLL_MS, signal);
  }
}

/** Starts a save and waits for its end. Throws TribError NOT_SAVED when it fails. */
async function save(cluster: Cluster, id: string, before: Saved, patience: Patience): Promise<void> {
  await startSave(cluster, id);
  let seen = !before.failed; // Until the save has begun, the status is that of an earlier one.
  const saved = (now: Saved): boolean => now.at !== before.at || now.changes < before.changes;
  const end = await awaitState(cluster, id, patience, (now) => {
    seen ||= now.saving;
    return !now.saving && (now.failed ? seen : saved(now));
  });
  if (end.failed) throw new TribError('NOT_SAVED', 'the save failed');
}

/**
 * BGSAVE, when the node has unsaved writes. Throws TribError NOT_SAVED when it cannot save and has no append-only file. Returns a
 * warning when it has one, which a start without `appendonly yes` in its configuration would not read.
 */
export async function saveFirst(cluster: Cluster, { id, name }: { readonly id: string; readonly name: string }, timeoutMs: number, signal: AbortSignal | undefined): Promise<string | undefined> {
  let appendOnly = false;
  try {
    ({ appendOnly } = await savedState(cluster, id));
    // A save that is running does not contain the writes since it began.
    const before = await awaitState(cluster, id, { timeoutMs, signal }, ({ saving }) => !saving);
    if (before.changes > 0) await save(cluster, id, before, { timeoutMs, signal });
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
