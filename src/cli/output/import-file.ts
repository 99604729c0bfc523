// import --rdb and --aof: a file as the source of keys. Loading is in src/import/file.
import { resolve } from 'node:path';
import type { Cluster } from '../../apply/open-cluster.js';
import type { LoadStats } from '../../import/file/load-options.js';
import type { AofPlan } from '../../import/file/plan-aof.js';
import type { LoadPlan } from '../../import/file/plan-load.js';
import { ExitCode } from '../../errors.js';
import type { SubcommandContext } from '../program/define.js';
import { requireHealthy } from '../connection/healthy.js';
import { openSeed } from '../connection/open.js';
import { evictionLoss, warnEvictingMasters } from './evicting-targets.js';
import type { SeedAddresses } from '../options/address.js';
import { usageError } from '../options/options.js';
import { loadExit, loadFiles, planFiles, renderLoad, type LoadRequest } from './load-files.js';

export interface FileValues extends LoadRequest {
  readonly rdb: string | undefined;
  readonly aof: string | undefined;
  readonly from: string | undefined;
  readonly copy: boolean;
  readonly dryRun: boolean;
}

/** The result of an import from a file. */
export interface FileImport {
  /** As typed. */
  readonly source: string;
  readonly replace: boolean;
  readonly plan: LoadPlan | AofPlan;
  readonly stats: LoadStats | undefined;
  /** Keys that arrived and were evicted, as text. */
  readonly loss?: string | undefined;
  readonly exitCode: number;
}

/** Throws usage errors, and as planFiles and loadFiles. */
export async function importFile(seed: SeedAddresses, wanted: FileValues, context: SubcommandContext): Promise<FileImport> {
  const { rdb, aof, from, copy, replace } = wanted;
  if (rdb !== undefined && aof !== undefined) throw usageError('--rdb and --aof exclude each other');
  if (from !== undefined) throw usageError('--from names a running instance; with --rdb or --aof the keys come from a file', 'leave out --from');
  if (copy) throw usageError('--copy is for --from: a file always stays as it is', 'leave out --copy');
  const source = rdb ?? aof ?? '';
  if (source === '') throw usageError('the name of the file is empty');
  const path = resolve(context.cwd, source);
  await using cluster = await openSeed(seed, context);
  if (context.io.mode === 'plain') context.io.out(`>>> Importing data from ${source} to cluster ${cluster.view.entry.name}`);
  await requireHealthy(cluster, context, 'importing');
  if ((wanted.waitReplicas ?? 0) > 0) (await import('../../import/confirm-replicas.js')).requireEnoughReplicas(cluster, wanted);
  const evicting = await warnEvictingMasters(cluster, context.io);
  if (aof !== undefined) return await importAofFile(cluster, source, path, wanted, context);
  const plan = await planFiles(cluster, [path], wanted, context);
  if (wanted.dryRun) return { source, replace, plan, stats: undefined, exitCode: ExitCode.ok };
  if (context.io.interactive && replace && plan.keys > 0) await context.confirm((await import('../../ui/views/load-lines.js')).loadQuestion(plan, replace));
  const stats = await loadFiles(cluster, plan, wanted, context);
  const loss = evictionLoss(evicting, stats.imported, stats.cluster, replace);
  return { source, replace, plan, stats, loss, exitCode: loss === undefined ? loadExit(stats) : 1 };
}

/** As importFile, of an append-only file. */
async function importAofFile(cluster: Cluster, source: string, path: string, wanted: FileValues, context: SubcommandContext): Promise<FileImport> {
  const { io } = context;
  const { replace } = wanted;
  const [{ planAofFile, loadAofFile }, { loadQuestion, truncatedText }] = await Promise.all([import('./load-aof.js'), import('../../ui/views/load-lines.js')]);
  const plan = await planAofFile(cluster, path, wanted, context);
  const truncated = truncatedText(plan);
  if (truncated !== undefined) io.warn(truncated);
  if (wanted.dryRun) return { source, replace, plan, stats: undefined, exitCode: ExitCode.ok };
  if (io.interactive && replace && plan.keys + plan.commands > 0) await context.confirm(loadQuestion({ keys: plan.keys + plan.commands }, replace));
  const stats = await loadAofFile(cluster, plan, wanted, context);
  return { source, replace, plan, stats, exitCode: loadExit(stats) };
}

export async function renderFileImport({ plan, stats, replace, loss }: FileImport, context: SubcommandContext): Promise<void> {
  const { plannedAofLines, plannedFileLine } = await import('../../ui/views/load-lines.js');
  const lines = 'problems' in plan ? plannedAofLines(plan) : plan.files.map(plannedFileLine);
  await renderLoad({ lines, targets: plan.targets }, stats, replace, context);
  if (loss !== undefined) context.io.error(`${context.io.errStyle.bad('error:')} ${loss}`);
}

export async function fileImportDocument({ source, plan, stats }: FileImport): Promise<object> {
  const { aofPlanDocument, loadDocument, loadPlanDocument } = await import('../../ui/views/load-lines.js');
  return { source, copy: true, applied: stats !== undefined, plan: 'problems' in plan ? aofPlanDocument(plan) : loadPlanDocument(plan), ...(stats === undefined ? {} : loadDocument(stats)) };
}
