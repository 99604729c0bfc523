// Loading RDB files as subcommands do it (import --rdb, restore): read the files, show, ask, load, report. Loading is in
// src/import/file.
import { counted } from '../../cluster/counted.js';
import type { Cluster } from '../../apply/open-cluster.js';
import { ExitCode, TribError } from '../../errors.js';
import type { ReplicaWait } from '../../import/confirm-replicas.js';
import type { LoadEvent, LoadStats } from '../../import/file/load-options.js';
import type { LoadPlan } from '../../import/file/plan-load.js';
import { isLoss } from '../../import/replaced-masters.js';
import { toBinary } from '../../resp/reply.js';
import type { Progress } from '../../ui/progress.js';
import type { SubcommandContext } from '../program/define.js';

export interface LoadRequest extends ReplicaWait {
  readonly replace: boolean;
  readonly match: string | undefined;
  readonly db: string | undefined;
  readonly timeout: number;
  /** Load the part of a file before the damage. */
  readonly allowPartial: boolean;
}

/** Bytes from which reading takes long enough for a progress display. */
const LONG = 64 * 1024 * 1024;

/** The keys that --match selects; undefined: all. */
export async function matcherOf(match: string | undefined): Promise<((key: string) => boolean) | undefined> {
  if (match === undefined) return undefined;
  const { matchGlob } = await import('../../resp/glob.js');
  const pattern = toBinary(match);
  return (key) => matchGlob(pattern, key);
}

/** Reads the files. Throws as planLoad, and TribError DAMAGED or RDB_VERSION unless whatever can be read is wanted. */
export async function planFiles(cluster: Cluster, files: readonly string[], request: LoadRequest, { io, signal }: SubcommandContext): Promise<LoadPlan> {
  const [{ openable }, { planLoad }, { refuseUnknownVersions }, { databasesOf }, { damageText, importingText, trailingText }, matches] = await Promise.all([
    import('../../import/file/openable.js'), import('../../import/file/plan-load.js'), import('../../import/file/file-version.js'), import('../../import/count-keys.js'), import('../../ui/views/rdb-lines.js'), matcherOf(request.match),
  ]);
  let size = 0;
  for (const file of files) size += await openable(file);
  const progress = size < LONG ? undefined : await io.progress('Reading', { total: size, unit: 'bytes' });
  try {
    const plan = await planLoad(files, cluster, {
      db: request.db, clusterDatabases: await databasesOf(cluster), now: Date.now(), signal, onProgress: (bytes) => progress?.update(Math.min(bytes, size)), ...(matches === undefined ? {} : { matches }),
    });
    const damaged = plan.files.find(({ damage }) => damage !== undefined);
    if (damaged?.damage !== undefined && !request.allowPartial) {
      throw new TribError('DAMAGED', `${damaged.file} is ${damageText(damaged.damage)}. Nothing was loaded`, { exitCode: ExitCode.failed, hint: `--allow-partial loads the ${counted(damaged.keys, 'key')} before that; redis-trib rdb shows them` });
    }
    if (!request.allowPartial) await refuseUnknownVersions(plan.files, cluster);
    for (const { file, trailing, importing } of plan.files) {
      if (trailing > 0) io.warn(trailingText(file, trailing));
      if (importing !== undefined && importing.keys > 0) io.warn(`${importingText(importing.keys, importing.slots, file)}: they are left out, the file of the source has them`);
    }
    return plan;
  } finally {
    progress?.stop();
  }
}

/** Counts the keys of a load on a progress line. */
export async function followLoad(total: number, { io }: SubcommandContext): Promise<{ readonly progress: Progress; readonly onEvent: (event: LoadEvent) => void }> {
  const progress = await io.progress('Loading keys', { total, unit: 'keys' });
  return { progress, onEvent: (event) => void (event.kind === 'progress' && progress.update(Math.min(event.keys, total))) };
}

/** The settings of --wait-replicas in a request. */
export function waitOf({ waitReplicas = 0, waitReplicasMs }: ReplicaWait): ReplicaWait {
  return { waitReplicas, ...(waitReplicasMs === undefined ? {} : { waitReplicasMs }) };
}

/** Loads what was planned. Throws LoadIncomplete. */
export async function loadFiles(cluster: Cluster, plan: LoadPlan, request: LoadRequest, context: SubcommandContext): Promise<LoadStats> {
  const [{ importRdb }, { loadedText }, matches] = await Promise.all([import('../../import/file/import-rdb.js'), import('../../ui/views/load-lines.js'), matcherOf(request.match)]);
  const databases = new Set(plan.databases);
  const { progress, onEvent } = await followLoad(plan.keys + plan.expired, context);
  try {
    const stats = await importRdb(plan.files.map(({ file }) => file), cluster, {
      replace: request.replace, keepDatabases: plan.keepDatabases, timeoutMs: request.timeout, signal: context.signal, onEvent, ...waitOf(request),
      wanted: (database, key) => databases.has(database) && matches?.(key) !== false,
    });
    progress.succeed(loadedText(stats));
    return stats;
  } catch (error) {
    progress.stop();
    throw error;
  }
}

/** What was loaded, or would be, as text. */
export async function renderLoad(plan: { readonly lines: readonly string[]; readonly targets: LoadPlan['targets'] }, stats: LoadStats | undefined, replace: boolean, { io }: SubcommandContext): Promise<void> {
  const [{ loadProblems, loadWarnings }, { targetsTable }] = await Promise.all([import('../../ui/views/load-lines.js'), import('../../ui/views/import-lines.js')]);
  if (stats === undefined) {
    for (const line of plan.lines) io.out(line);
    io.out(await targetsTable(io, plan.targets));
    return io.note('Dry run: nothing was changed.');
  }
  if (stats.imported > 0) io.out(await targetsTable(io, stats.targets));
  for (const warning of loadWarnings(stats, replace)) io.warn(warning);
  for (const line of loadProblems(stats)) io.error(line);
}

/** 1 when something of the files is not, or may not be, in the cluster now. */
export function loadExit(stats: LoadStats | undefined): number {
  return stats !== undefined && (stats.conflicts.length > 0 || stats.refused.length > 0 || stats.damage !== undefined || stats.replaced.some(isLoss)) ? ExitCode.failed : ExitCode.ok;
}
