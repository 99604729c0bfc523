// Databases of a cluster node. Valkey 9 may have several in cluster mode (cluster-databases); GETKEYSINSLOT, COUNTKEYSINSLOT,
// SCAN, DBSIZE and MIGRATE work on the selected one only (cli.md 6.7). All other servers have database 0 only.
import { ExitCode, TribError } from '../errors.js';
import { ReplyError } from '../resp/reply.js';
import type { Connection, PipelineReply } from './connection.js';
import { addressText, databaseRule } from './connection-errors.js';

/** Highest power of two that is tried; real servers have at most some thousands. */
const HIGHEST_POWER = 20;

/**
 * Number of databases of the node, found by SELECT, which requires no other permission. Leaves another database selected, so
 * use a separate connection. Throws TribError NO_DATABASE when the user may not SELECT on a server that may have several.
 */
export async function countDatabases(connection: Connection): Promise<number> {
  const [one] = await connection.pipeline([['SELECT', 1]]);
  if (one instanceof ReplyError) {
    if (one.code === 'NOPERM' && (await mayHaveSeveral(connection))) throw unknownCount(connection, one);
    return 1;
  }
  let known = 1;
  let step = 2;
  for (let power = 1; power <= HIGHEST_POWER && (await selects(connection, step)); power++, step *= 2) known = step;
  // `known` exists; `step` does not, or is above the limit.
  while (step - known > 1) {
    const middle = Math.floor((known + step) / 2);
    if (await selects(connection, middle)) known = middle;
    else step = middle;
  }
  return known + 1;
}

async function selects(connection: Connection, database: number): Promise<boolean> {
  const [reply] = await connection.pipeline([['SELECT', database]]);
  return !(reply instanceof ReplyError);
}

/** By INFO: Valkey 9 and later. A server of unknown version may have several too. */
async function mayHaveSeveral(connection: Connection): Promise<boolean> {
  const [info] = await connection.pipeline([['INFO', 'server']]);
  if (typeof info !== 'string') return true;
  return Number(/^valkey_version:(\d+)/m.exec(info)?.[1] ?? 0) >= 9;
}

function unknownCount({ host, port }: Connection, cause: ReplyError): TribError {
  return new TribError('NO_DATABASE', `Node ${addressText(host, port)} may have several databases, and this user may not SELECT them: ${cause.message}`, {
    exitCode: ExitCode.unreachable,
    hint: `grant ${databaseRule(cause.message)} to the user, so that the keys of all databases are counted`,
    cause,
  });
}

/** Keys by database from INFO keyspace, ascending; undefined for another reply. */
export function readKeyspace(info: string): Map<number, number>;
export function readKeyspace(info: PipelineReply | undefined): Map<number, number> | undefined;
export function readKeyspace(info: PipelineReply | undefined): Map<number, number> | undefined {
  if (typeof info !== 'string') return undefined;
  return new Map([...info.matchAll(/^db(\d+):keys=(\d+)/gm)].map(([, database, keys]) => [Number(database), Number(keys)]));
}
