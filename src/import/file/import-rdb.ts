// Loads RDB files into a cluster: reads them piece by piece, sends each key to the master of its slot, all masters at once. May be killed
// and run again: keys that are there already are compared and not sent twice.
import { graceAfter, unlessAborted } from '../../apply/node/delay.js';
import type { Cluster } from '../../apply/open-cluster.js';
import { skipBody } from '../../rdb/skip-value.js';
import { TribError } from '../../errors.js';
import { countCluster } from '../count-keys.js';
import { DatabaseClients } from '../database-clients.js';
import { ImportRoutes } from '../routes.js';
import { LoadIncomplete, type LoadOptions, type LoadStats } from './load-options.js';
import { LoadTally } from './load-tally.js';
import { openable } from './openable.js';
import { readDataFile, type DataFileEnd, type DataFileTarget } from './read-data-file.js';
import { RestorePipeline, type PipelineTools } from './restore-pipeline.js';

/** Milliseconds for the final count after an abort. */
const GRACE_MS = 1000;

/** The pipelines of all masters and databases, made on demand. */
export class RestorePipelines {
  private readonly pipelines = new Map<string, RestorePipeline>();

  constructor(private readonly tools: PipelineTools) {}

  of(key: string, into: number): RestorePipeline {
    const route = this.tools.routes.of(key);
    const name = `${route.id} ${into}`;
    let pipeline = this.pipelines.get(name);
    if (pipeline === undefined) this.pipelines.set(name, (pipeline = new RestorePipeline(route, into, this.tools)));
    return pipeline;
  }

  /** Resolves when every pipeline accepts more keys. Throws as RestorePipeline.untilWritable. */
  async untilWritable(): Promise<void> {
    for (const pipeline of this.pipelines.values()) await pipeline.untilWritable();
  }

  async finish(): Promise<void> {
    await Promise.all([...this.pipelines.values()].map((pipeline) => pipeline.finish()));
  }

  async abandon(): Promise<void> {
    await Promise.all([...this.pipelines.values()].map((pipeline) => pipeline.abandon()));
  }
}

interface StoredValue {
  readonly type: number;
  readonly body: Buffer;
}

/** The target that passes the keys of an RDB part to the pipelines. `now`: keys that have expired by then are skipped. */
export function rdbTarget(pipelines: RestorePipelines, tally: LoadTally, options: LoadOptions, now: number): DataFileTarget<StoredValue> {
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
        pipelines.of(key, keepDatabases === true ? database : 0).add({ key, database, type, body, expireAt, idle, freq });
      },
      library: () => void tally.libraries++,
    },
    command: () => undefined,
    piece: () => pipelines.untilWritable(),
  };
}

/** Runs a load with its pipelines, clients and counts; `read` returns the damage it met. Throws LoadIncomplete. */
export async function withPipelines(
  cluster: Cluster,
  options: LoadOptions,
  read: (pipelines: RestorePipelines, tally: LoadTally, clients: DatabaseClients) => Promise<LoadStats['damage']>,
  goOn?: string,
): Promise<LoadStats> {
  const timeoutMs = options.timeoutMs ?? 60_000;
  const tally = new LoadTally(options);
  await using clients = new DatabaseClients(cluster, timeoutMs);
  const pipelines = new RestorePipelines({ routes: new ImportRoutes(cluster), clientOf: (database) => clients.of(database), tally, replace: options.replace ?? false, timeoutMs });
  const before = await countCluster(cluster);
  const stats = async (damage?: LoadStats['damage']): Promise<LoadStats> => {
    using grace = graceAfter(options.signal, GRACE_MS);
    const after = await unlessAborted(countCluster(cluster), grace.signal).catch(() => NaN);
    return tally.stats({ before, after }, damage);
  };
  try {
    const damage = await read(pipelines, tally, clients);
    await pipelines.finish();
    return await stats(damage);
  } catch (error) {
    await pipelines.abandon();
    // Nothing was changed, so the error needs no totals.
    if (error instanceof TribError && tally.handled === 0 && options.replace !== true) throw error;
    throw new LoadIncomplete(await stats(), error, options.signal?.aborted === true, goOn, tally.postponed);
  }
}

/** The damage of a file, also when it ends in the middle of a command; undefined when it was read to its end. */
export function damageOf(file: string, { damage }: DataFileEnd): LoadStats['damage'] {
  return damage === undefined ? undefined : { ...damage, file };
}

/**
 * Loads RDB files, one after the other. Values whose encoding the cluster does not know are sent in an older encoding if one exists, and
 * are otherwise listed in `refused`; conflicts and damage are in the totals and do not throw. Throws as `openable` before the first key,
 * LoadIncomplete (IMPORT_FAILED or ABORTED) when it stopped part-way.
 */
export async function importRdb(files: readonly string[], cluster: Cluster, options: LoadOptions = {}): Promise<LoadStats> {
  for (const file of files) await openable(file);
  return withPipelines(cluster, options, async (pipelines, tally) => {
    let first: LoadStats['damage'];
    for (const file of files) {
      options.onEvent?.({ kind: 'fileStarted', file, bytes: await openable(file) });
      const damage = damageOf(file, await readDataFile(file, rdbTarget(pipelines, tally, options, Date.now()), options.signal));
      first ??= damage;
    }
    return first;
  });
}
