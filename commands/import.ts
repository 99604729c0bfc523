// redis-trib import: check the cluster, inspect the source, show, ask, move or copy its keys, count. Moving is in src/import/.
// Files as sources (--rdb, --aof) are in src/cli/output/import-file.ts.
import { counted } from '../src/cluster/counted.js';
import { seed } from '../src/cli/program/arguments.js';
import { defineCommand, type SubcommandContext } from '../src/cli/program/define.js';
import { requireHealthy } from '../src/cli/connection/healthy.js';
import { sourceConnection, sourceOptions } from '../src/cli/program/import-source.js';
import { openSeed } from '../src/cli/connection/open.js';
import { evictionLoss, mayEvict, refuseEviction, warnEvictingMasters, type EvictionConsent } from '../src/cli/output/evicting-targets.js';
import { importWaitOptions } from '../src/cli/options/import-wait.js';
import { evictionOptions, waitSettings } from '../src/cli/options/mover-options.js';
import { choice, flag, integer, text, usageError, type OptionValues } from '../src/cli/options/options.js';
import type { Cluster } from '../src/apply/open-cluster.js';
import type { FileImport } from '../src/cli/output/import-file.js';
import type { Forecast } from '../src/import/count-keys.js';
import type { ImportStats } from '../src/import/event.js';
import { isLoss } from '../src/import/replaced-masters.js';
import type { ImportSource } from '../src/import/source.js';
import { chooseDatabases, type DatabaseChoice } from '../src/import/choose-databases.js';

const options = {
  ...sourceOptions,
  rdb: text('FILE', 'load this RDB file instead of a running instance; of any version of Redis or Valkey'),
  aof: text('FILE|DIR', 'load this append-only file, or the folder of one (appendonlydir)'),
  match: text('PATTERN', 'with --rdb or --aof: load only keys that match this pattern, as in KEYS'),
  allowPartial: flag('load a damaged file up to the damage'),
  copy: flag('keep the keys on the source; by default they are moved'),
  replace: flag('overwrite keys that the cluster holds with other values or times to live; with --aof: delete all keys of the file from the cluster, then load it'),
  db: text('N|all', 'database of the source, or all. Keys keep their database number if the cluster has several databases (Valkey 9); otherwise all go to database 0', { aliases: ['from-db'] }),
  timeout: integer('MS', 'timeout of each socket operation of MIGRATE', { min: 1, fallback: 60_000 }),
  pipeline: integer('KEYS', 'maximum keys in one MIGRATE', { min: 1, fallback: undefined }),
  maxStall: integer('MS', "how long the source's other clients may have to wait", { min: 1, fallback: 20 }),
  via: choice(['source', 'client'], 'source: only directly from the source; client: only through this host (default: direct where possible)'),
  ...importWaitOptions,
  ...evictionOptions,
} as const;

interface Imported {
  readonly loaded?: undefined;
  readonly source: string;
  readonly copy: boolean;
  readonly replace: boolean;
  readonly forecast: Forecast | undefined;
  readonly stats: ImportStats | undefined;
  /** Keys that were moved and evicted, as text. */
  readonly loss: string | undefined;
}

async function transferKeys(source: ImportSource, cluster: Cluster, { databases, keep }: DatabaseChoice, wanted: OptionValues<typeof options> & EvictionConsent, context: SubcommandContext): Promise<ImportStats> {
  const [{ importKeys }, { showImporting }] = await Promise.all([import('../src/import/import.js'), import('../src/ui/importing.js')]);
  const { copy, replace, timeout, pipeline, maxStall, via } = wanted;
  const keys = source.databases.filter(({ index }) => databases.includes(index)).reduce((sum, one) => sum + one.keys, 0);
  if (context.io.interactive && keys > 0 && (!copy || replace)) {
    const { importQuestion } = await import('../src/ui/views/import-lines.js');
    await context.confirm(importQuestion(source.name, keys, copy, replace)); // Only at a terminal: the predecessors never ask.
  }
  const display = await showImporting(context.io, source.name, keys, copy);
  try {
    const stats = await importKeys(source, cluster, {
      copy, replace, databases, keepDatabases: keep, timeoutMs: timeout, maxStallMs: maxStall, signal: context.signal, onEvent: display.onEvent, allowEviction: mayEvict(wanted, context.io), ...waitSettings(wanted),
      ...(pipeline === undefined ? {} : { pipeline }),
      ...(via === undefined ? {} : { via }),
    });
    display.done(stats);
    return stats;
  } catch (error) {
    display.failed();
    throw error;
  }
}

export default defineCommand({
  args: seed,
  options,
  connects: true,
  mutates: true,
  description:
    'MIGRATE sends the keys from the source to their masters; where the source does not reach a master, they go through this host. Stop the writers of the source first: keys written meanwhile may be missed. redis-trib compares the counts at the end. After an interruption run the same command again.\n\n' +
    'A key that the cluster has with another value or time to live stays on both sides and is named: exit code 1. A master that is replaced or restarted meanwhile is named with the number of keys that it lacks: exit code 1. Keys that the source still has are sent to it again.\n\n' +
    'Asks at a terminal when keys leave the source or --replace may overwrite; when piped it continues as the predecessors do, also with --replace.\n\n' +
    '--rdb and --aof load a file, which is not changed. Its keys go to all masters in parallel, keep their expiry times, and are skipped when expired. Keys that the cluster refuses are named.',
  examples: [
    'redis-trib import 127.0.0.1:7000 --from 127.0.0.1:6379 --copy',
    'redis-trib import 127.0.0.1:7000 --from 127.0.0.1:6379 --dry-run',
    'redis-trib import 127.0.0.1:7000 --rdb /var/lib/redis/dump.rdb',
    "redis-trib import 127.0.0.1:7000 --aof /var/lib/redis/appendonlydir --match 'user:*' --dry-run",
    'redis-trib import 10.0.0.1:7000 --from rediss://old.example:6379 --from-askpass --from-cacert ca.pem --db all',
  ],
  async run({ args, options: wanted }, context): Promise<Imported | { readonly loaded: FileImport }> {
    const { io } = context;
    if (wanted.rdb !== undefined || wanted.aof !== undefined) return { loaded: await (await import('../src/cli/output/import-file.js')).importFile(args.seed, { ...wanted, ...waitSettings(wanted) }, context) };
    if (wanted.waitReplicas > 0 && !wanted.copy && wanted.via === 'source') throw usageError('--wait-replicas sends moved keys through this host: --via source is not possible with it', 'add --copy, or leave out --via');
    if (wanted.match !== undefined || wanted.allowPartial) throw usageError('--match and --allow-partial require --rdb or --aof');
    const { connection: from, database } = await sourceConnection(wanted, wanted.db, context);
    const [{ ImportSource }, { databasesOf }] = await Promise.all([import('../src/import/source.js'), import('../src/import/count-keys.js')]);
    await using cluster = await openSeed(args.seed, context);
    const name = `${from.host}:${from.port}`;
    if (io.mode === 'plain') io.out(`>>> Importing data from ${name} to cluster ${cluster.view.entry.name}`);
    await requireHealthy(cluster, context, 'importing');
    for (const line of (await import('../src/ui/views/import-lines.js')).connectingLines(io.lines)) io.out(line);
    if (wanted.waitReplicas > 0) (await import('../src/import/confirm-replicas.js')).requireEnoughReplicas(cluster, wanted);
    const { connectTimeoutMs = 5000, commandTimeoutMs = 30_000 } = cluster.options;
    const source = await ImportSource.open({ ...from, connectTimeoutMs, commandTimeoutMs });
    await source.requireComplete();
    const choice = chooseDatabases(source.databases, 'The source', database, await databasesOf(cluster));
    const { copy, replace } = wanted;
    const evicting = await warnEvictingMasters(cluster, io);
    if (wanted.dryRun) {
      const { forecast } = await import('../src/import/count-keys.js');
      return { source: name, copy, replace, stats: undefined, loss: undefined, forecast: await forecast(source, cluster, choice.databases, context.signal) };
    }
    if (!copy && evicting.length > 0) await refuseEviction(await (await import('../src/import/room.js')).mastersWithoutRoom(source, cluster, choice.databases), wanted, io);
    const stats = await transferKeys(source, cluster, choice, wanted, context);
    return { source: name, copy, replace, forecast: undefined, stats, loss: copy ? undefined : evictionLoss(evicting, stats.imported, stats.counts.cluster, replace) };
  },
  async render(result, context) {
    const { io } = context;
    if (result.loaded !== undefined) return (await import('../src/cli/output/import-file.js')).renderFileImport(result.loaded, context);
    const { stats, forecast, copy, replace } = result;
    const [{ conflictLines, countWarnings, forecastLines, targetsTable }, { lossLines, MOVED_ADVICE }] = await Promise.all([import('../src/ui/views/import-lines.js'), import('../src/ui/views/replaced-lines.js')]);
    if (forecast !== undefined) io.out(io.mode === 'plain' ? forecastLines(forecast).join('\n') : await targetsTable(io, forecast.targets));
    if (stats === undefined) return io.note('Dry run: nothing was changed.');
    if (io.mode === 'table' && stats.imported > 0) io.out(await targetsTable(io, stats.targets));
    if (stats.equal > 0) io.note(`${counted(stats.equal, 'key')} existed already, with the same values and times to live.`);
    for (const warning of countWarnings(stats, copy, replace)) io.warn(`${warning}`);
    for (const line of [...conflictLines(stats), ...lossLines(stats.replaced, copy ? 'Run the same command again.' : MOVED_ADVICE)]) io.error(line);
    if (result.loss !== undefined) io.error(`${io.errStyle.bad('error:')} ${result.loss}`);
  },
  async toJson(result) {
    if (result.loaded !== undefined) return (await import('../src/cli/output/import-file.js')).fileImportDocument(result.loaded);
    const { source, copy, forecast, stats } = result;
    const { fromBinary } = await import('../src/resp/reply.js');
    if (stats === undefined) return { source, copy, applied: false, ...(forecast === undefined ? {} : { plan: forecast }) };
    return { source, copy, applied: true, ...stats, conflicts: stats.conflicts.map((one) => ({ ...one, key: fromBinary(one.key) })) };
  },
  exitCode: (result) => (result.loaded !== undefined ? result.loaded.exitCode : (result.stats?.conflicts.length ?? 0) > 0 || result.loss !== undefined || result.stats?.replaced.some(isLoss) === true ? 1 : 0),
});
