// Imports the keys of a running instance into a cluster: all passes over all databases, counts before and after, the final
// error. May be killed and run again: moved keys are no longer on the source, copied keys are compared and not sent again.
import { counted } from '../cluster/counted.js';
import { graceAfter, unlessAborted } from '../apply/node/delay.js';
import { requireRoom } from '../apply/cluster/evicting-targets.js';
import { ClientActivity } from '../apply/mover/pacing/client-activity.js';
import type { Cluster } from '../apply/open-cluster.js';
import { replyFailure } from '../client/connection-errors.js';
import { refuseSharedIds } from '../cluster/shared-ids.js';
import { keySlot } from '../cluster/slots.js';
import { ExitCode, TribError, messageOf } from '../errors.js';
import { ReplyError } from '../resp/reply.js';
import { confirmedByAll, requireEnoughReplicas } from './confirm-replicas.js';
import { countCluster, countSource, repeatedNames } from './count-keys.js';
import { DatabaseClients } from './database-clients.js';
import type { ImportStats } from './event.js';
import { ImportIncomplete, conflictText, importSettings } from './options.js';
import type { ImportOptions, ImportSettings } from './options.js';
import { runPass } from './pass.js';
import type { PassTools } from './pass.js';
import { MasterWatch, type MasterChange, type ReplacedMaster } from './replaced-masters.js';
import { lossText } from './replaced-text.js';
import { mastersWithoutRoom } from './room.js';
import { ImportRoutes } from './routes.js';
import type { ImportSource } from './source.js';
import { ImportTally } from './tally.js';

/** Milliseconds for the final counts after an abort. */
const GRACE_MS = 1000;

/** Passes over a database, for keys written meanwhile. */
const PASSES = 3;

/** How often keys are sent again because masters were replaced. */
const ROUNDS = 3;

function refuseReplica(source: ImportSource, settings: ImportSettings): void {
  if (!source.isReplica || settings.copy) return;
  throw new TribError('SOURCE_IS_REPLICA', `The source ${source.name} is a replica: its keys cannot be moved`, { hint: 'give the address of its master, or add --copy' });
}

/** Keys of the same name in two databases would become one key. Throws TribError SAME_NAMES. */
async function refuseRepeatedNames(source: ImportSource, settings: ImportSettings): Promise<void> {
  if (settings.databases.length < 2 || settings.keepDatabases) return;
  const repeated = await repeatedNames(source, settings.databases, settings.signal);
  if (repeated.length === 0) return;
  const shown = repeated.slice(0, 5).map(({ key, databases }) => `${JSON.stringify(Buffer.from(key, 'latin1').toString('utf8'))} (databases ${databases.join(' and ')})`);
  const more = repeated.length > 5 ? ` and ${repeated.length - 5} more` : '';
  throw new TribError('SAME_NAMES', `Keys of the same name in several databases would overwrite each other: ${shown.join(', ')}${more}`, {
    hint: 'this cluster has one database only: rename them, or import one database at a time with --db',
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
    // Clients write to the source: new keys are imported too, up to PASSES.
    if (left <= tally.conflictsOf(database) || tally.progress === before) return;
  }
}

/**
 * With `copy`: sends the keys of replaced masters again, because the source still has them; then waits for replicas. Moved
 * keys are on the source no more.
 */
async function secureCopies(watch: MasterWatch, cluster: Cluster, tools: PassTools): Promise<void> {
  const { source, settings } = tools;
  if (!settings.copy) return;
  for (let round = 0; round < ROUNDS && settings.signal?.aborted !== true; round++) {
    const changes = await watch.newChanges(settings.signal);
    if (changes.length === 0) break;
    const quiet: ImportSettings = { ...settings, emit: () => undefined };
    const again: PassTools = { ...tools, settings: quiet, tally: new ImportTally(quiet), routes: new ImportRoutes(cluster), only: keysOf(changes) };
    for (const database of settings.databases) await runPass(database, again);
    if (source.isReplica) await source.requireComplete();
    watch.sent(changes);
  }
  await confirmedByAll(cluster, settings, settings.signal);
}

function keysOf(changes: readonly MasterChange[]): (key: string) => boolean {
  return (key) => changes.some(({ slots }) => slots.has(keySlot(key)));
}

/** The totals, and the replaced masters unless a node did not tell in time. */
interface ImportEnd {
  readonly stats: ImportStats;
  readonly replaced: readonly ReplacedMaster[] | undefined;
}

async function endOf(source: ImportSource, cluster: Cluster, before: number, watch: MasterWatch, tally: ImportTally, settings: ImportSettings): Promise<ImportEnd> {
  using grace = graceAfter(settings.signal, GRACE_MS);
  const counted = (count: Promise<number>): Promise<number> => unlessAborted(count, grace.signal).catch(() => NaN);
  const replaced = await unlessAborted(watch.losses(settings.replace ? undefined : tally.byTarget, grace.signal), grace.signal).catch(() => undefined);
  const after = { source: await counted(countSource(source, settings.databases)), cluster: await counted(countCluster(cluster)) };
  const counts = { source: { before, after: after.source }, cluster: { before: watch.keys, after: after.cluster } };
  return { stats: tally.stats(counts, replaced ?? []), replaced };
}

/**
 * Imports. Throws TribError SOURCE_IS_REPLICA, SOURCE_NOT_SYNCED, SOURCE_LOADING, SAME_NAMES, TOO_FEW_REPLICAS, EVICTING_TARGET before anything
 * has moved; ImportIncomplete (IMPORT_FAILED or ABORTED) when it stopped part-way. Conflicts and replaced masters are in the
 * totals and do not throw.
 */
export async function importKeys(source: ImportSource, cluster: Cluster, options: ImportOptions = {}): Promise<ImportStats> {
  const settings = importSettings(options);
  refuseSharedIds(cluster.view);
  refuseReplica(source, settings);
  requireEnoughReplicas(cluster, settings);
  await source.requireComplete();
  if (!settings.copy && !settings.allowEviction) requireRoom(await mastersWithoutRoom(source, cluster, settings.databases));
  await refuseRepeatedNames(source, settings);
  const before = await countSource(source, settings.databases);
  const watch = await MasterWatch.start(cluster);
  await using clients = new DatabaseClients(cluster, settings.timeoutMs);
  await clients.of(0);
  const tally = new ImportTally(settings);
  await using watcher = await source.connect(0);
  const watched = [{ id: source.name, connection: () => Promise.resolve(watcher) }, ...cluster.view.masters.flatMap(({ id }) => cluster.links.get(id) ?? [])];
  const load = new ClientActivity(watched);
  const ids = watched.map(({ id }) => id);
  void load.watch(); // Never rejects; ends with the import.
  const tools: PassTools = { source, clientOf: (database) => clients.of(database), settings, tally, routes: new ImportRoutes(cluster), alone: () => load.alone(ids) };
  const end = (): Promise<ImportEnd> => endOf(source, cluster, before, watch, tally, settings);
  try {
    for (const database of settings.databases) await importDatabase(database, await countSource(source, [database]), tools);
    if (source.isReplica && settings.signal?.aborted !== true) await source.requireComplete(); // It may have lost its master meanwhile.
    await secureCopies(watch, cluster, tools);
  } catch (error) {
    throw incomplete(await end(), error, settings);
  } finally {
    load.stop();
  }
  const done = await end();
  if (settings.signal?.aborted === true) throw incomplete(done, undefined, settings);
  return done.stats;
}

function incomplete({ stats, replaced }: ImportEnd, thrown: unknown, { signal, copy }: ImportSettings): ImportIncomplete {
  const error = thrown instanceof ReplyError ? replyFailure(thrown) : thrown;
  const loss = lossText(stats.replaced);
  const done = `${counted(stats.imported, 'key', ['was', 'were'])} ${copy ? 'copied' : 'moved'}`;
  const kept = loss !== undefined ? `; ${loss}` : replaced === undefined ? '' : ', none was lost';
  const continueHint = `run the same command again to continue${stats.conflicts.length > 0 ? `; in conflict: ${conflictText(stats.conflicts)}` : ''}`;
  if (signal?.aborted === true) return new ImportIncomplete('ABORTED', `Interrupted: ${done}${kept}`, stats, { hint: continueHint, exitCode: ExitCode.interrupted });
  const text = messageOf(error);
  const hint = error instanceof TribError && error.hint !== undefined ? error.hint : continueHint;
  const exitCode = error instanceof TribError ? error.exitCode : ExitCode.failed;
  return new ImportIncomplete('IMPORT_FAILED', `${text} (${done} before that${loss === undefined ? '' : `; ${loss}`})`, stats, { hint, exitCode, cause: error });
}
