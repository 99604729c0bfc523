// The end of one local node: SIGTERM, and SIGKILL only when the node no longer replies. A node that replies after SIGTERM refuses
// to stop: it cannot write its data, and SIGKILL would lose acknowledged writes.
import { setTimeout as wait } from 'node:timers/promises';
import { Connection } from '../client/connection.js';
import { processStart } from '../files/process-identity.js';
import { ReplyError } from '../resp/reply.js';
import { lastLines, runningNode } from './node-process.js';
import { logFile, type LocalNode } from './state.js';

/** A node that refuses to stop. */
export interface Unstopped {
  readonly port: number;
  readonly pid: number;
  readonly reason: string;
}

const POLL_MS = 25;
/** Period of the questions why a node still runs. */
const LOOK_MS = 1000;
const STOP_TIMEOUT_MS = 10_000;

/**
 * What a node is doing after SIGTERM: `silent` does not reply; `waiting` for its replicas; `failing` cannot write its
 * append-only file; `serving` replies for another reason.
 */
type Life = 'silent' | 'waiting' | 'failing' | 'serving';

/**
 * Stops a node: SIGTERM, after ten seconds SIGKILL unless the node replies. With `force` SIGKILL in any case. Throws the reason
 * of the signal.
 * @returns `ended`; `absent` when it was not running; else why it still runs
 */
export async function stopNode(node: LocalNode, host: string, folder: string, { signal, force = false }: { readonly signal?: AbortSignal; readonly force?: boolean }): Promise<'ended' | 'absent' | Unstopped> {
  const running = await runningNode(node, host, folder);
  if (running === undefined) return 'absent';
  const { pid, port } = running;
  const start = processStart(pid);
  process.kill(pid, 'SIGTERM');
  let [deadline, look] = [performance.now() + STOP_TIMEOUT_MS, performance.now() + LOOK_MS];
  while (processStart(pid) === start) {
    signal?.throwIfAborted();
    await wait(POLL_MS);
    if (performance.now() < look) continue;
    look = performance.now() + LOOK_MS;
    const life = force ? 'silent' : await lifeOf(host, port);
    if (life === 'waiting') deadline = performance.now() + STOP_TIMEOUT_MS;
    if (life !== 'failing' && performance.now() < deadline) continue;
    if (processStart(pid) !== start) break;
    if (life !== 'silent') return { port, pid, reason: reasonOf(life, logFile(folder, port)) };
    process.kill(pid, 'SIGKILL');
    look = Infinity;
  }
  return 'ended';
}

async function lifeOf(host: string, port: number): Promise<Life> {
  try {
    await using connection = await Connection.connect({ host, port, connectTimeoutMs: 1000, commandTimeoutMs: 1000 });
    const info = String(await connection.command(['INFO']));
    if (/^shutdown_in_milliseconds:/m.test(info)) return 'waiting';
    return /^aof_last_write_status:err/m.test(info) ? 'failing' : 'serving';
  } catch (error) {
    return error instanceof ReplyError ? 'serving' : 'silent';
  }
}

/** What the node logged since it was told to stop; the log may be on the full disk too. */
function reasonOf(life: Life, log: string): string {
  const lines = lastLines(log, 50);
  const since = lines.slice(lines.findLastIndex((line) => line.includes('User requested shutdown')) + 1);
  const logged = since.findLast((line) => /error|can't/i.test(line) && !line.includes('Errors trying to shut down'));
  if (logged !== undefined) return logged.replace(/^.*? [*#] /, '');
  return life === 'failing' ? 'it cannot write its append-only file' : `it still replies after SIGTERM; see ${log}`;
}
