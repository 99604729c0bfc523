// One pass over one database of the source: scan, batch, keep a few batches in flight. Not here: delivering a batch
// (deliver.ts), the number of passes (import.ts).
import type { ClusterClient } from '../client/cluster-client.js';
import { Batches, type ImportBatch } from './batches.js';
import { BatchDelivery } from './deliver.js';
import { DirectChannel } from './direct.js';
import type { ImportSettings } from './options.js';
import { Relay } from './relay.js';
import type { ImportRoute, ImportRoutes } from './routes.js';
import { LARGE_PAGE, scanKeys, SMALL_PAGE } from './scan.js';
import type { ImportSource } from './source.js';
import type { ImportTally } from './tally.js';

/**
 * Batches in flight. The source executes them back to back; a second one prevents it from idling. Measured with 200k keys of
 * 100 bytes in batches of 5 ms: 2 takes 1.3 s, and 3 takes as long with longer waits for clients.
 */
const DEPTH = 2;

/** Milliseconds of one batch while clients use the source or the cluster; a command may wait for two of them. */
const BESIDE_CLIENTS_MS = 0.4;

/** With at most this much data on the source, batches cannot take too much of its memory, so key sizes are not requested. */
const SMALL_DATASET = 64 * 1024 * 1024;

export interface PassTools {
  readonly source: ImportSource;
  /** A client of a database of the cluster. */
  readonly clientOf: (database: number) => Promise<ClusterClient>;
  readonly routes: ImportRoutes;
  readonly tally: ImportTally;
  readonly settings: ImportSettings;
  /** Whether no other client uses the source and the cluster now. */
  readonly alone: () => boolean;
  /** Which keys; default all. */
  readonly only?: (key: string) => boolean;
}

/** Returns when all keys are handled, or after an abort when the batches in flight have ended. */
export async function runPass(database: number, tools: PassTools): Promise<void> {
  const { source, settings, routes, tally, alone, only } = tools;
  const into = settings.keepDatabases ? database : 0;
  const client = await tools.clientOf(into);
  await using scanner = await source.connect(database);
  const channel = new DirectChannel(await source.connect(database), settings, into);
  const relay = new Relay(source, database, client, routes, settings, into);
  const delivery = new BatchDelivery(source, database, channel, relay, routes, tally, settings);
  const batchMs = settings.maxStallMs / (2 * DEPTH);
  const batches = new Batches<ImportRoute>({ maxKeys: settings.pipeline, batchMs: () => (alone() ? batchMs : Math.min(batchMs, BESIDE_CLIENTS_MS)) });
  const tasks = new TaskQueue(DEPTH, async (batch: ImportBatch<ImportRoute>) => {
    const ms = await delivery.deliver(batch);
    if (ms !== undefined) batches.learn(batch.keys.length, ms);
  });
  const sizes = source.atLeast([4, 0, 0]) && source.datasetBytes > SMALL_DATASET;
  try {
    for await (const page of scanKeys(scanner, sizes, () => (alone() ? LARGE_PAGE : SMALL_PAGE))) {
      for (const [index, key] of page.keys.entries()) {
        if (only?.(key) === false) continue;
        const full = batches.add(routes.of(key), key, page.bytes?.[index] ?? 0);
        if (full !== undefined) await tasks.start(full);
      }
      if (settings.signal?.aborted === true) break;
    }
    if (settings.signal?.aborted !== true) for (const batch of batches.rest()) await tasks.start(batch);
  } finally {
    await tasks.settled();
    channel.close();
    relay.close();
  }
  tasks.rethrow();
}

/** Runs a limited number of tasks at once; after a failure no further one starts. */
class TaskQueue<T> {
  private readonly running = new Set<Promise<void>>();
  private failure: { readonly error: unknown } | undefined;

  constructor(
    private readonly limit: number,
    private readonly work: (item: T) => Promise<void>,
  ) {}

  /** Resolves when the task has started. Throws the error of an earlier one. */
  async start(item: T): Promise<void> {
    while (this.running.size >= this.limit) await Promise.race(this.running);
    this.rethrow();
    const piece: Promise<void> = this.work(item)
      .catch((error: unknown) => void (this.failure ??= { error }))
      .finally(() => this.running.delete(piece));
    this.running.add(piece);
  }

  async settled(): Promise<void> {
    await Promise.all(this.running);
  }

  rethrow(): void {
    if (this.failure !== undefined) throw this.failure.error;
  }
}
