// Loads RDB files into a cluster: reads them piece by piece, sends each key to the master of its slot, all masters at once. May be killed
// and run again: keys that are there already are compared and not sent twice.
import { graceAfter, unlessAborted } from '../../apply/node/delay.js';
import type { Cluster } from '../../apply/open-cluster.js';
import { skipBody } from '../../rdb/skip-value.js';
import { TribError } from '../../errors.js';
import { countCluster } from '../census.js';
import { DatabaseClients } from '../database-clients.js';
import { ImportRoutes } from '../routes.js';
import { LoadIncomplete, type LoadOptions, type LoadStats } from './load-options.js';
import { LoadTally } from './load-tally.js';
import { openable } from './openable.js';
import { readDataFile, type DataFileEnd, type DataFileTarget } from './read-data-file.js';
import { RestoreLane, type LaneTools } from './restore-lane.js';

/** Milliseconds for the final count after an abort. */
const GRACE_MS = 1000;

/** The lanes of all masters and databases, made on demand. */
export class RestoreLanes {
  private readonly lanes = new Map<string, RestoreLane>();

  constructor(private readonly tools: LaneTools) {}

  of(key: string, into: number): RestoreLane {
    const route = this.tools.routes.of(key);
    const name = `${route.id} ${into}`;
    let lane = this.lanes.get(name);
    if (lane === undefined) this.lanes.set(name, (lane = new RestoreLane(route, into, this.tools)));
    return lane;
  }

  /** Resolves when every lane accepts more keys. Throws as RestoreLane.room. */
  async room(): Promise<void> {
    for (const lane of this.lanes.values()) await lane.room();
  }

  async finish(): Promise<void> {
    await Promise.all([...this.lanes.values()].map((lane) => lane.finish()));
  }

  async abandon(): Promise<void> {
    await Promise.all([...this.lanes.values()].map((lane) => lane.abandon()));
  }
}

interface StoredValue {
  readonly type: number;
  readonly body: Buffer;
}

/** What reads keys of an RDB part into lanes. `now`: keys that have expired by then are passed over. */
export function rdbTarget(lanes: RestoreLanes, tally: LoadTally, options: LoadOptions, now: number): DataFileTarget<StoredValue> {
  const { wanted, keepDatabases } = options;
  return {
    rdb: {
      value(type, reader) {
        const start = reader.position;
        skipBody(type, reader);
        return { type, body: reader.since(start) };
      },
      entry(database, key, { type, body }, { expireAt, idle, freq }) {
        if (wanted?.(database, key) === false) return;
        if (expireAt !== null && expireAt <= now) return void tally.expired++;
        lanes.of(key, keepDatabases === true ? database : 0).add({ key, database, type, body, expireAt, idle, freq });
      },
      library: () => void tally.libraries++,
    },
    command: () => undefined,
    piece: () => lanes.room(),
  };
}

/** Runs a load with its lanes, clients and counts; `read` returns the damage it met. Throws LoadIncomplete. */
export async function withLanes(
  cluster: Cluster,
  options: LoadOptions,
  read: (lanes: RestoreLanes, tally: LoadTally, clients: DatabaseClients) => Promise<LoadStats['damage']>,
  goOn?: string,
): Promise<LoadStats> {
  const timeoutMs = options.timeoutMs ?? 60_000;
  const tally = new LoadTally(options);
  await using clients = new DatabaseClients(cluster, timeoutMs);
  const lanes = new RestoreLanes({ routes: new ImportRoutes(cluster), clientOf: (database) => clients.of(database), tally, replace: options.replace ?? false, timeoutMs });
  const before = await countCluster(cluster);
  const stats = async (damage?: LoadStats['damage']): Promise<LoadStats> => {
    using grace = graceAfter(options.signal, GRACE_MS);
    const after = await unlessAborted(countCluster(cluster), grace.signal).catch(() => NaN);
    return tally.stats({ before, after }, damage);
  };
  try {
    const damage = await read(lanes, tally, clients);
    await lanes.finish();
    return await stats(damage);
  } catch (error) {
    await lanes.abandon();
    // Nothing was changed: the error says all there is to say.
    if (error instanceof TribError && tally.handled === 0 && options.replace !== true) throw error;
    throw new LoadIncomplete(await stats(), error, options.signal?.aborted === true, goOn);
  }
}

/** The damage of a file, also when it ends in the middle of a command; undefined when it was read to its end. */
export function damageOf(file: string, { damage }: DataFileEnd): LoadStats['damage'] {
  return damage === undefined ? undefined : { ...damage, file };
}

/**
 * Loads RDB files, one after the other. Values whose encoding the cluster does not know are written in an older one where there is one,
 * else named in `refused`; conflicts and damage are in the totals and do not throw. Throws NO_SUCH_FILE and its like before the first key,
 * LoadIncomplete (IMPORT_FAILED or ABORTED) when it stopped part-way.
 */
export async function importRdb(files: readonly string[], cluster: Cluster, options: LoadOptions = {}): Promise<LoadStats> {
  for (const file of files) await openable(file);
  return withLanes(cluster, options, async (lanes, tally) => {
    let first: LoadStats['damage'];
    for (const file of files) {
      options.onEvent?.({ kind: 'fileStarted', file, bytes: await openable(file) });
      const damage = damageOf(file, await readDataFile(file, rdbTarget(lanes, tally, options, Date.now()), options.signal));
      first ??= damage;
    }
    return first;
  });
}
