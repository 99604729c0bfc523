// Imports the keys of a running instance into a cluster: all passes over all databases, counts before and after, how it
// ends. Safe to kill and to run again: moved keys are gone from the source, copied ones are compared, not sent again.
import { graceAfter, unlessAborted } from '../apply/delay.js';
import { ClientLoad } from '../apply/mover/client-load.js';
import type { Cluster } from '../apply/open-cluster.js';
import type { Address } from '../cluster/address.js';
import { formatAddress } from '../cluster/address.js';
import { ClusterClient } from '../client/cluster-client.js';
import { ExitCode, TribError } from '../errors.js';
import { countCluster, countSource, doubleKeys } from './census.js';
import type { ImportStats } from './event.js';
import { ImportIncomplete, conflictText, importSettings } from './options.js';
import type { ImportOptions, ImportSettings } from './options.js';
import { runPass } from './pass.js';
import type { PassTools } from './pass.js';
import { Routes } from './routes.js';
import type { Source } from './source.js';
import { Tally } from './tally.js';

/** Milliseconds for the counts at the end when the user wants to leave. */
const GRACE_MS = 1000;

/** Passes over a database for the sake of keys that were written to it meanwhile. */
const PASSES = 3;

function refuseReplica(source: Source, settings: ImportSettings): void {
  if (!source.isReplica || settings.copy) return;
  throw new TribError('SOURCE_IS_REPLICA', `The source ${source.name} is a replica: keys cannot be moved off it`, { hint: 'give the address of its master, or add --copy' });
}

/** Keys of the same name in two databases would become one key. Throws TribError SAME_NAMES. */
async function refuseDoubles(source: Source, settings: ImportSettings): Promise<void> {
  if (settings.databases.length < 2) return;
  const doubles = await doubleKeys(source, settings.databases, settings.signal);
  if (doubles.length === 0) return;
  const shown = doubles.slice(0, 5).map(({ key, databases }) => `${JSON.stringify(Buffer.from(key, 'latin1').toString('utf8'))} (databases ${databases.join(' and ')})`);
  const more = doubles.length > 5 ? ` and ${doubles.length - 5} more` : '';
  throw new TribError('SAME_NAMES', `Keys of the same name in several databases would overwrite each other: ${shown.join(', ')}${more}`, {
    hint: 'a cluster has one database only: rename them, or import one database at a time with --db',
  });
}

async function importDatabase(database: number, keys: number, tools: PassTools): Promise<void> {
  const { source, settings, tally } = tools;
  let left = keys;
  for (let pass = 1; pass <= PASSES && settings.signal?.aborted !== true; pass++) {
    settings.emit({ kind: 'databaseStarted', database, keys: left, pass });
    const before = tally.progress;
    await runPass(database, tools);
    if (settings.copy) return;
    left = await countSource(source, [database]);
    // Somebody writes to the source: what came meanwhile goes too, but not for ever.
    if (left <= tally.conflictsOf(database) || tally.progress === before) return;
  }
}

/** Nodes are reached where the cluster was loaded from, whatever they call themselves. */
function reachable(cluster: Cluster): (announced: Address) => Address {
  return (announced) => {
    const link = [...cluster.links.values()].find((one) => formatAddress(one.announced) === formatAddress(announced));
    return link?.address ?? cluster.options.addressMap?.(announced) ?? announced;
  };
}

/**
 * Imports. Throws TribError SOURCE_IS_REPLICA, SAME_NAMES before anything has moved; ImportIncomplete (IMPORT_FAILED or
 * ABORTED) when it stopped half way. Conflicts don't throw: they are in the stats.
 */
export async function importKeys(source: Source, cluster: Cluster, options: ImportOptions = {}): Promise<ImportStats> {
  const settings = importSettings(options);
  refuseReplica(source, settings);
  await refuseDoubles(source, settings);
  const before = { source: await countSource(source, settings.databases), cluster: await countCluster(cluster) };
  const seeds = cluster.view.masters.map(({ connectHost, connectPort }) => ({ host: connectHost, port: connectPort }));
  const { signal: _, ...access } = cluster.options; // what is under way ends in order
  await using client = await ClusterClient.connect(seeds, { ...access, addressMap: reachable(cluster), deadlineMs: settings.timeoutMs });
  const tally = new Tally(settings);
  await using watcher = await source.connect(0);
  const watched = [{ id: source.name, connection: () => Promise.resolve(watcher) }, ...cluster.view.masters.flatMap(({ id }) => cluster.links.get(id) ?? [])];
  const clients = new ClientLoad(watched);
  const ids = watched.map(({ id }) => id);
  void clients.watch(); // never rejects; ends by itself
  const tools: PassTools = { source, client, settings, tally, routes: new Routes(cluster), alone: () => clients.alone(ids) };
  const stats = async (): Promise<ImportStats> => {
    using grace = graceAfter(settings.signal, GRACE_MS);
    const counted = (count: Promise<number>): Promise<number> => unlessAborted(count, grace.signal).catch(() => NaN);
    const after = { source: await counted(countSource(source, settings.databases)), cluster: await counted(countCluster(cluster)) };
    return tally.stats({ source: { before: before.source, after: after.source }, cluster: { before: before.cluster, after: after.cluster } });
  };
  try {
    for (const database of settings.databases) await importDatabase(database, await countSource(source, [database]), tools);
  } catch (error) {
    throw incomplete(await stats(), error, settings);
  } finally {
    clients.stop();
  }
  const done = await stats();
  if (settings.signal?.aborted === true) throw incomplete(done, undefined, settings);
  return done;
}

function incomplete(stats: ImportStats, error: unknown, { signal, copy }: ImportSettings): ImportIncomplete {
  const done = `${stats.imported} keys were ${copy ? 'copied' : 'moved'}`;
  const goOn = `the same command again goes on${stats.conflicts.length > 0 ? `; in conflict: ${conflictText(stats.conflicts)}` : ''}`;
  if (signal?.aborted === true) return new ImportIncomplete('ABORTED', `Interrupted: ${done}, none was lost`, stats, { hint: goOn, exitCode: ExitCode.interrupted });
  const text = error instanceof Error ? error.message : String(error);
  const hint = error instanceof TribError && error.hint !== undefined ? error.hint : goOn;
  const exitCode = error instanceof TribError ? error.exitCode : ExitCode.failed;
  return new ImportIncomplete('IMPORT_FAILED', `${text} (${done} before that)`, stats, { hint, exitCode, cause: error });
}
