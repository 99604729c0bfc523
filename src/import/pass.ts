// One pass over one database of the source: scan, gather into batches, keep a few batches under way. Not here: what
// happens to a batch (deliver.ts), how many passes there are (import.ts).
import type { ClusterClient } from '../client/cluster-client.js';
import { Batches, type Batch } from './batches.js';
import { Delivery } from './deliver.js';
import { DirectLane } from './direct.js';
import type { ImportSettings } from './options.js';
import { Relay } from './relay.js';
import type { Route, Routes } from './routes.js';
import { LARGE_PAGE, scanKeys, SMALL_PAGE } from './scan.js';
import type { Source } from './source.js';
import type { Tally } from './tally.js';

/**
 * Batches under way. The source works on one at a time, and on those that wait back to back; a second one keeps it from
 * waiting for us. Measured with 200k keys of 100 bytes in batches of 5 ms: 2 takes 1.3 s, as 3 does, whose clients wait longer.
 */
const DEPTH = 2;

/** Milliseconds of one batch where clients use the source or the cluster: they wait behind two of them. */
const BESIDE_CLIENTS_MS = 0.4;

/** Up to this much data no batch can be too large for the source's memory: sizes need not be asked for. */
const SMALL_DATASET = 64 * 1024 * 1024;

export interface PassTools {
  readonly source: Source;
  readonly client: ClusterClient;
  readonly routes: Routes;
  readonly tally: Tally;
  readonly settings: ImportSettings;
  /** Whether nobody else uses the source and the cluster at the moment. */
  readonly alone: () => boolean;
}

/** Returns when all keys were dealt with, or the signal said stop and what was under way has ended. */
export async function runPass(database: number, tools: PassTools): Promise<void> {
  const { source, settings, routes, client, tally, alone } = tools;
  await using scanner = await source.connect(database);
  const lane = new DirectLane(await source.connect(database), settings);
  const relay = new Relay(source, database, client, routes, settings);
  const delivery = new Delivery(source, database, lane, relay, routes, tally, settings);
  const batchMs = settings.maxStallMs / (2 * DEPTH);
  const batches = new Batches<Route>({ maxKeys: settings.pipeline, batchMs: () => (alone() ? batchMs : Math.min(batchMs, BESIDE_CLIENTS_MS)) });
  const flight = new Flight(DEPTH, async (batch: Batch<Route>) => {
    const ms = await delivery.deliver(batch);
    if (ms !== undefined) batches.learn(batch.keys.length, ms);
  });
  const sizes = source.atLeast([4, 0, 0]) && source.datasetBytes > SMALL_DATASET;
  try {
    for await (const page of scanKeys(scanner, sizes, () => (alone() ? LARGE_PAGE : SMALL_PAGE))) {
      for (const [index, key] of page.keys.entries()) {
        const full = batches.add(routes.of(key), key, page.bytes?.[index] ?? 0);
        if (full !== undefined) await flight.start(full);
      }
      if (settings.signal?.aborted === true) break;
    }
    if (settings.signal?.aborted !== true) for (const batch of batches.rest()) await flight.start(batch);
  } finally {
    await flight.landed();
    lane.close();
    relay.close();
  }
  flight.rethrow();
}

/** A few pieces of work at the same time; after a failure nothing more is started. */
class Flight<T> {
  private readonly running = new Set<Promise<void>>();
  private failure: { readonly error: unknown } | undefined;

  constructor(
    private readonly limit: number,
    private readonly work: (item: T) => Promise<void>,
  ) {}

  /** Resolves when the work has begun. Throws what an earlier piece failed with. */
  async start(item: T): Promise<void> {
    while (this.running.size >= this.limit) await Promise.race(this.running);
    this.rethrow();
    const piece: Promise<void> = this.work(item)
      .catch((error: unknown) => void (this.failure ??= { error }))
      .finally(() => this.running.delete(piece));
    this.running.add(piece);
  }

  async landed(): Promise<void> {
    await Promise.all(this.running);
  }

  rethrow(): void {
    if (this.failure !== undefined) throw this.failure.error;
  }
}
