// Loads RDB files into a cluster: reads them piece by piece, sends each key to the master of its slot, all masters at once.
// May be killed and run again: keys that are there already are compared and not sent twice.
import { graceAfter, unlessAborted } from '../../apply/node/delay.js';
import type { Cluster } from '../../apply/open-cluster.js';
import { skipBody } from '../../rdb/skip-value.js';
import { TribError } from '../../errors.js';
import { keySlot } from '../../cluster/slots.js';
import { refuseSharedIds } from '../../cluster/shared-ids.js';
import { confirmedByAll, requireEnoughReplicas } from '../confirm-replicas.js';
import { countCluster } from '../count-keys.js';
import { DatabaseClients } from '../database-clients.js';
import { MasterWatch } from '../replaced-masters.js';
import { ImportRoutes } from '../routes.js';
import { LoadIncomplete, type LoadOptions, type LoadStats } from './load-options.js';
import { LoadTally, SilentTally } from './load-tally.js';
import { openable } from './openable.js';
import { readDataFile, type DataFileEnd, type DataFileTarget } from './read-data-file.js';
import { RestorePipeline, type PipelineTools } from './restore-pipeline.js';

/** Milliseconds for the final count after an abort. */
const GRACE_MS = 1000;

/** How often keys are sent again because masters were replaced. */
const ROUNDS = 3;

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

/** What reads the files of a load and passes their keys on. */
export interface LoadReader {
  /** Returns the damage it met. `only`: the keys to send; default all. */
  readonly read: (pipelines: RestorePipelines, tally: LoadTally, only?: (key: string) => boolean) => Promise<LoadStats['damage']>;
  /** `read` may run again for keys that were sent before. */
  readonly repeatable: boolean;
  /** Hint of LoadIncomplete. */
  readonly continuation?: string;
}

/** Sends the keys of replaced masters again; then waits for replicas. */
async function secureKeys(watch: MasterWatch, { read, repeatable }: LoadReader, tools: PipelineTools, cluster: Cluster, options: LoadOptions): Promise<void> {
  for (let round = 0; round < ROUNDS && repeatable; round++) {
    const changes = await watch.newChanges(options.signal);
    if (changes.length === 0) break;
    const tally = new SilentTally(options);
    const pipelines = new RestorePipelines({ ...tools, tally, routes: new ImportRoutes(cluster) });
    try {
      await read(pipelines, tally, (key) => changes.some(({ slots }) => slots.has(keySlot(key))));
      await pipelines.finish();
    } finally {
      await pipelines.abandon();
    }
    watch.sent(changes);
  }
  await confirmedByAll(cluster, options, options.signal);
}

/** Runs a load with its pipelines, clients and counts. Throws TribError TOO_FEW_REPLICAS before it, LoadIncomplete. */
export async function withPipelines(cluster: Cluster, options: LoadOptions, reader: LoadReader): Promise<LoadStats> {
  refuseSharedIds(cluster.view);
  const timeoutMs = options.timeoutMs ?? 60_000;
  requireEnoughReplicas(cluster, options);
  const tally = new LoadTally(options);
  await using clients = new DatabaseClients(cluster, timeoutMs);
  const tools: PipelineTools = { routes: new ImportRoutes(cluster), clientOf: (database) => clients.of(database), tally, replace: options.replace ?? false, timeoutMs };
  const pipelines = new RestorePipelines(tools);
  const watch = await MasterWatch.start(cluster);
  const stats = async (damage?: LoadStats['damage']): Promise<LoadStats> => {
    using grace = graceAfter(options.signal, GRACE_MS);
    const countable = options.replace !== true && tally.commands === 0; // Otherwise the number of new keys is unknown.
    const replaced = await unlessAborted(watch.losses(countable ? tally.byTarget : undefined, grace.signal), grace.signal).catch(() => []);
    const after = await unlessAborted(countCluster(cluster), grace.signal).catch(() => NaN);
    return tally.stats({ before: watch.keys, after }, damage, replaced);
  };
  try {
    const damage = await reader.read(pipelines, tally);
    await pipelines.finish();
    await secureKeys(watch, reader, tools, cluster, options);
    return await stats(damage);
  } catch (error) {
    await pipelines.abandon();
    // Nothing was changed, so the error needs no totals.
    if (error instanceof TribError && tally.handled === 0 && options.replace !== true) throw error;
    throw new LoadIncomplete(await stats(), error, options.signal?.aborted === true, reader.continuation, tally.postponed);
  }
}

/** The damage of a file, also when it ends in the middle of a command; undefined when it was read to its end. */
export function damageOf(file: string, { damage }: DataFileEnd): LoadStats['damage'] {
  return damage === undefined ? undefined : { ...damage, file };
}

/**
 * Loads RDB files, one after the other. A value whose encoding the cluster does not know is sent in an older encoding if one
 * exists, and is otherwise listed in `refused`. Keys of masters that were replaced meanwhile are sent again. Conflicts and damage
 * are in the totals and do not throw. Throws as `openable` before the first key, and LoadIncomplete (IMPORT_FAILED or ABORTED)
 * when it stops part-way.
 */
export async function importRdb(files: readonly string[], cluster: Cluster, options: LoadOptions = {}): Promise<LoadStats> {
  for (const file of files) await openable(file);
  const { wanted } = options;
  const read: LoadReader['read'] = async (pipelines, tally, only) => {
    let first: LoadStats['damage'];
    const chosen: LoadOptions = only === undefined ? options : { ...options, wanted: (database, key) => only(key) && wanted?.(database, key) !== false };
    for (const file of files) {
      if (only === undefined) options.onEvent?.({ kind: 'fileStarted', file, bytes: await openable(file) });
      const damage = damageOf(file, await readDataFile(file, rdbTarget(pipelines, tally, chosen, Date.now()), options.signal));
      first ??= damage;
    }
    return first;
  };
  return withPipelines(cluster, options, { read, repeatable: true });
}
