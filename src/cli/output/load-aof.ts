// Loading an append-only file as import --aof does it: find its files, read them, refuse what cannot be carried out, load.
import type { Cluster } from '../../apply/open-cluster.js';
import { TribError } from '../../errors.js';
import type { LoadStats } from '../../import/file/load-options.js';
import type { AofPlan } from '../../import/file/plan-aof.js';
import type { SubcommandContext } from '../program/define.js';
import { followLoad, matcherOf, waitOf, type LoadRequest } from './load-files.js';

/**
 * Throws TribError DAMAGED for a damaged file without --allow-partial, UNFINISHED_IMPORT likewise, and every error of
 * aofFiles, planAof and refuseProblems.
 */
export async function planAofFile(cluster: Cluster, path: string, request: LoadRequest, { io, signal }: SubcommandContext): Promise<AofPlan> {
  const [{ aofFiles }, { planAof }, { leftOutText, refuseProblems, refuseUnfinished }, { databasesOf }, { damageText }, matches] = await Promise.all([
    import('../../import/file/aof-set.js'), import('../../import/file/plan-aof.js'), import('../../import/file/import-aof.js'), import('../../import/count-keys.js'), import('../../ui/views/rdb-lines.js'), matcherOf(request.match),
  ]);
  const plan = await planAof(await aofFiles(path), cluster, { db: request.db, clusterDatabases: await databasesOf(cluster), now: Date.now(), signal, ...(matches === undefined ? {} : { matches }) });
  const { damage } = plan.end;
  if (plan.problems[0]?.unknown) refuseProblems(plan); // Before damage further on, which an unknown command may have caused.
  if (damage !== undefined && !request.allowPartial) {
    throw new TribError('DAMAGED', `${damage.file} is ${damageText(damage)}. Nothing was loaded`, { hint: '--allow-partial loads the part before it' });
  }
  refuseProblems(plan);
  if (!request.allowPartial) refuseUnfinished(plan);
  const leftOut = leftOutText(plan);
  if (leftOut !== undefined) io.warn(`the file does not say whether its node got slots that it was importing: ${leftOut} are left out`);
  return plan;
}

/** Throws as loadAof. */
export async function loadAofFile(cluster: Cluster, plan: AofPlan, request: LoadRequest, context: SubcommandContext): Promise<LoadStats> {
  const [{ loadAof }, { loadedText }, matches] = await Promise.all([import('../../import/file/import-aof.js'), import('../../ui/views/load-lines.js'), matcherOf(request.match)]);
  const { progress, onEvent } = await followLoad(plan.keys + plan.commands, context);
  try {
    const stats = await loadAof(plan, cluster, { replace: request.replace, timeoutMs: request.timeout, signal: context.signal, onEvent, ...waitOf(request), ...(matches === undefined ? {} : { wanted: (_, key) => matches(key) }) });
    progress.succeed(loadedText(stats));
    return stats;
  } catch (error) {
    progress.stop();
    throw error;
  }
}
