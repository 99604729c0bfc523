// redis-trib import: check the cluster, look at the source, show, ask, move or copy its keys, count. The carrying is
// src/import/'s.
import { seed } from '../src/cli/arguments.js';
import { defineCommand, type CommandContext } from '../src/cli/define.js';
import { requireHealthy } from '../src/cli/healthy.js';
import { sourceEntrance, sourceOptions } from '../src/cli/import-source.js';
import { openSeed } from '../src/cli/open.js';
import { choice, flag, integer, text, usageError, type OptionValues } from '../src/cli/options.js';
import type { Cluster } from '../src/apply/open-cluster.js';
import type { Forecast } from '../src/import/census.js';
import type { ImportStats } from '../src/import/event.js';
import type { Source } from '../src/import/source.js';
import { TribError } from '../src/errors.js';

const options = {
  ...sourceOptions,
  copy: flag('leave the keys on the source; without it they are moved'),
  replace: flag('overwrite keys that the cluster holds with other values'),
  db: text('N|all', 'database of the source, or all of them into the one that a cluster has', { aliases: ['from-db'] }),
  timeout: integer('MS', 'how long one step of a MIGRATE may take', { min: 1, fallback: 60_000 }),
  pipeline: integer('KEYS', 'most keys in one MIGRATE', { min: 1, fallback: undefined }),
  maxStall: integer('MS', "how long the source's other clients may have to wait", { min: 1, fallback: 20 }),
  via: choice(['source', 'client'], 'source: only straight from there; client: only through this machine (default: as it works)'),
} as const;

interface Imported {
  readonly source: string;
  readonly copy: boolean;
  readonly replace: boolean;
  readonly forecast: Forecast | undefined;
  readonly stats: ImportStats | undefined;
}

/** Which databases to take. Throws TribError OTHER_DATABASES when some would be left behind without a word. */
function chooseDatabases(source: Source, wanted: string | undefined): number[] {
  const all = source.databases.map(({ index }) => index);
  if (wanted?.toLowerCase() === 'all') return all.length === 0 ? [0] : all;
  if (wanted !== undefined && /^\d+$/.test(wanted)) return [Number(wanted)];
  if (wanted !== undefined) throw usageError(`--db takes a number or all, not "${wanted}"`);
  const others = source.databases.filter(({ index }) => index !== 0);
  if (others.length === 0) return [0];
  const named = others.map(({ index, keys }) => `${index} (${keys} keys)`).join(', ');
  throw new TribError('OTHER_DATABASES', `The source has keys in databases other than 0: ${named}. A cluster has database 0 only`, {
    hint: '--db all puts all of them there, --db 0 takes only that one',
  });
}

async function bring(source: Source, cluster: Cluster, databases: readonly number[], wanted: OptionValues<typeof options>, context: CommandContext): Promise<ImportStats> {
  const [{ importKeys }, { showImporting }] = await Promise.all([import('../src/import/import.js'), import('../src/ui/importing.js')]);
  const { copy, replace, timeout, pipeline, maxStall, via } = wanted;
  const keys = source.databases.filter(({ index }) => databases.includes(index)).reduce((sum, one) => sum + one.keys, 0);
  if (context.io.interactive && keys > 0 && (!copy || replace)) {
    const { importQuestion } = await import('../src/ui/views/import-lines.js');
    await context.confirm(importQuestion(source.name, keys, copy, replace)); // only where a person sits: the predecessors never ask
  }
  const display = await showImporting(context.io, source.name, keys, copy);
  try {
    const stats = await importKeys(source, cluster, {
      copy, replace, databases, timeoutMs: timeout, maxStallMs: maxStall, signal: context.signal, onEvent: display.onEvent,
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
    'Keys go straight from the source to their masters where the source reaches them, and through this machine where not. ' +
    'Interrupted at any time, the same command goes on. Keys that are written to the source meanwhile may be missed, so stop its writers first; redis-trib counts at the end and tells. ' +
    'Asks at a terminal when keys leave the source or --replace may overwrite; piped it goes ahead as the predecessors did, also with --replace.',
  examples: [
    'redis-trib import 127.0.0.1:7000 --from 127.0.0.1:6379 --copy',
    'redis-trib import 127.0.0.1:7000 --from 127.0.0.1:6379 --dry-run',
    'redis-trib import 10.0.0.1:7000 --from rediss://old.example:6379 --from-askpass --from-cacert ca.pem --db all',
  ],
  async run({ args, options: wanted }, context): Promise<Imported> {
    const { io } = context;
    const { connection: from, database } = await sourceEntrance(wanted, wanted.db, context);
    const { Source } = await import('../src/import/source.js');
    await using cluster = await openSeed(args.seed, context);
    const name = `${from.host}:${from.port}`;
    if (io.mode === 'plain') io.out(`>>> Importing data from ${name} to cluster ${cluster.view.entry.name}`);
    await requireHealthy(cluster, context, 'importing');
    for (const line of (await import('../src/ui/views/import-lines.js')).connectingLines(io.lines)) io.out(line);
    const { connectTimeoutMs = 5000, commandTimeoutMs = 30_000 } = cluster.options;
    const source = await Source.open({ ...from, connectTimeoutMs, commandTimeoutMs });
    const databases = chooseDatabases(source, database);
    const { copy, replace } = wanted;
    if (wanted.dryRun) {
      const { forecast } = await import('../src/import/census.js');
      return { source: name, copy, replace, stats: undefined, forecast: await forecast(source, cluster, databases, context.signal) };
    }
    return { source: name, copy, replace, forecast: undefined, stats: await bring(source, cluster, databases, wanted, context) };
  },
  async render({ stats, forecast, copy, replace }, { io }) {
    const { conflictLines, countWarnings, forecastLines, targetsTable } = await import('../src/ui/views/import-lines.js');
    if (forecast !== undefined) io.out(io.mode === 'plain' ? forecastLines(forecast).join('\n') : await targetsTable(io, forecast.targets));
    if (stats === undefined) return io.note('Dry run: nothing was changed.');
    if (io.mode === 'table' && stats.imported > 0) io.out(await targetsTable(io, stats.targets));
    if (stats.equal > 0) io.note(`${stats.equal} keys were there already, with the same values.`);
    for (const warning of countWarnings(stats, copy, replace)) io.note(`${io.errStyle.warn('warning:')} ${warning}`);
    for (const line of conflictLines(stats)) io.error(line);
  },
  async toJson({ source, copy, forecast, stats }) {
    const { fromBinary } = await import('../src/resp/reply.js');
    if (stats === undefined) return { source, copy, applied: false, ...(forecast === undefined ? {} : { plan: forecast }) };
    return { source, copy, applied: true, ...stats, conflicts: stats.conflicts.map((one) => ({ ...one, key: fromBinary(one.key) })) };
  },
  exitCode: ({ stats }) => (stats !== undefined && stats.conflicts.length > 0 ? 1 : 0),
});
