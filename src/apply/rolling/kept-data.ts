// Whether a master keeps its keys over a restart without a failover: by its settings before, by its number of keys afterwards.
import { counted } from '../../cluster/counted.js';
import { readKeyspace } from '../../client/databases.js';
import type { PipelineReply } from '../../client/connection.js';
import { settingValue } from '../../client/read-reply.js';
import { TribError } from '../../errors.js';
import type { RollingPlan } from '../../plan/rolling.js';
import { mapBounded } from '../node/parallel.js';
import type { Cluster } from '../open-cluster.js';

/** A master whose keys are in its memory only. */
export interface VolatileMaster {
  readonly id: string;
  readonly name: string;
  readonly keys: number;
}

const AT_ONCE = 64;

function sum(keyspace: PipelineReply | undefined): number | undefined {
  const databases = readKeyspace(keyspace);
  return databases === undefined ? undefined : [...databases.values()].reduce((all, keys) => all + keys, 0);
}

/** Keys of all databases of a node: all, and those without an expiry. */
export interface KeptKeys {
  readonly all: number;
  readonly lasting: number;
}

/** Undefined when the node refuses INFO. Rejects as its connection does. */
export async function keysOf(cluster: Cluster, id: string): Promise<KeptKeys | undefined> {
  const [keyspace] = await (await cluster.connection(id)).pipeline([['INFO', 'keyspace']]);
  const all = sum(keyspace);
  if (all === undefined) return undefined;
  const expiring = [...String(keyspace).matchAll(/^db\d+:.*?,expires=(\d+)/gm)].reduce((keys, [, count]) => keys + Number(count), 0);
  return { all, lasting: all - expiring };
}

/**
 * Masters with keys that the plan restarts without a failover, and that have neither save points nor an append-only file. Masters
 * that refuse CONFIG are not among them. Rejects as connections do.
 */
export async function volatileMasters(cluster: Cluster, { turns }: RollingPlan): Promise<VolatileMaster[]> {
  const alone = turns.filter(({ role, successors }) => role === 'master' && successors.length === 0);
  const found = await mapBounded(alone, AT_ONCE, async ({ id, name }) => {
    const [save, appendonly, keyspace] = await (await cluster.connection(id)).pipeline([['CONFIG', 'GET', 'save'], ['CONFIG', 'GET', 'appendonly'], ['INFO', 'keyspace']]);
    const keys = sum(keyspace) ?? 0;
    return settingValue(save) === '' && settingValue(appendonly) === 'no' && keys > 0 ? [{ id, name, keys }] : [];
  });
  return found.flat();
}

/** As `127.0.0.1:7000 (300 keys)`, separated by commas. */
export function volatileText(masters: readonly VolatileMaster[]): string {
  return masters.map(({ name, keys }) => `${name} (${counted(keys, 'key')})`).join(', ');
}

/** Throws TribError NOT_PERSISTENT when there are such masters. */
export function refuseVolatile(masters: readonly VolatileMaster[]): void {
  if (masters.length === 0) return;
  throw new TribError('NOT_PERSISTENT', `A restart would delete all keys of ${volatileText(masters)}: no replica takes over, and the node saves nothing (save "", appendonly no)`, {
    hint: 'add a replica first (add-node --replica); or run CONFIG SET appendonly yes and wait until the first rewrite is done (INFO persistence: aof_rewrite_in_progress:0); --lose-data restarts anyway and loses the keys',
  });
}

/** Share of its lasting keys that clients may have deleted meanwhile. */
const TOLERATED = 0.1;

/**
 * Compares a master that was restarted without a failover with before. Throws TribError KEYS_LOST when it had keys and has
 * none, or when more than a tenth of those without an expiry are missing. Returns a warning when some are.
 */
export async function requireKept(cluster: Cluster, { id, name }: { readonly id: string; readonly name: string }, before: KeptKeys | undefined): Promise<string | undefined> {
  if (before === undefined || before.all === 0) return undefined;
  const now = await keysOf(cluster, id);
  const hint = 'load a backup (redis-trib restore --merge); the other nodes must save before they stop (SHUTDOWN SAVE, or appendonly yes)';
  if (now?.all === 0) throw new TribError('KEYS_LOST', `${name} had ${counted(before.all, 'key')} before its restart, and has none now`, { hint: `it loaded no data file: see its log and CONFIG GET dir, and ${hint}` });
  const missing = before.lasting - (now?.lasting ?? before.lasting);
  if (missing <= 0) return undefined;
  const text = `${name} had ${counted(before.lasting, 'key')} without an expiry before its restart, and has ${before.lasting - missing} now`;
  if (missing <= before.lasting * TOLERATED) return `${text}: unless clients deleted them, its data file is older`;
  throw new TribError('KEYS_LOST', text, { hint: `unless clients deleted them, it loaded an old data file: see its log, and ${hint}` });
}
