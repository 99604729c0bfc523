// redis-trib restore: load a backup into a cluster of any topology. Reading the folder is in src/apply/backup, loading in
// src/import/file.
import { resolve } from 'node:path';
import { counted } from '../src/cluster/counted.js';
import { seed, wrongNumber } from '../src/cli/program/arguments.js';
import { defineCommand } from '../src/cli/program/define.js';
import { requireHealthy } from '../src/cli/connection/healthy.js';
import { openSeed } from '../src/cli/connection/open.js';
import { restoreWaitOptions } from '../src/cli/options/import-wait.js';
import { waitSettings } from '../src/cli/options/mover-options.js';
import { flag, integer, text, usageError } from '../src/cli/options/options.js';
import { loadExit, loadFiles, planFiles, renderLoad, type LoadRequest } from '../src/cli/output/load-files.js';
import { warnEvictingMasters } from '../src/cli/output/evicting-targets.js';
import type { SeedAddresses } from '../src/cli/options/address.js';
import type { SavedBackup } from '../src/apply/backup/read-backup.js';
import type { LoadStats } from '../src/import/file/load-options.js';
import type { LoadPlan } from '../src/import/file/plan-load.js';
import { isLoss } from '../src/import/replaced-masters.js';
import { TribError } from '../src/errors.js';
import type { Io } from '../src/ui/io.js';

interface Restored {
  readonly dir: string;
  readonly backup: SavedBackup;
  readonly plan: LoadPlan;
  readonly stats: LoadStats | undefined;
  readonly replace: boolean;
}

/** Without this check the data of masters without a file would be missing unnoticed. Throws TribError INCOMPLETE_BACKUP. */
function refuseMissing({ masters, missing }: SavedBackup, allowPartial: boolean): void {
  if (missing.length > 0 && !allowPartial) {
    throw new TribError('INCOMPLETE_BACKUP', `The backup has no file for ${missing.map(({ host, port }) => `${host}:${port}`).join(', ')}: ${missing[0]?.file ?? ''}`, { hint: '--allow-partial restores the others' });
  }
  if (masters.length === 0) throw new TribError('INCOMPLETE_BACKUP', 'The backup has no RDB file', { hint: 'give the directory that redis-trib backup wrote' });
}

/**
 * A file that belongs to another node, or to another backup, would bring wrong keys. Throws TribError OTHER_SLOTS unless
 * permitted.
 */
function refuseForeign({ masters }: SavedBackup, { files }: LoadPlan, allowPartial: boolean, io: Io): void {
  for (const { host, port, file, slots, slotCount } of masters) {
    const planned = files.find((one) => one.file === file);
    if (planned === undefined || slots === undefined) continue;
    if (planned.keys === 0 && slotCount > 0 && files.some(({ keys }) => keys > 0)) io.warn(`${file} holds no keys, although ${host}:${port} had ${slotCount} slots and other files hold keys`);
    let foreign = 0;
    for (let slot = 0; slot < planned.slotKeys.length; slot++) if (!slots.has(slot)) foreign += planned.slotKeys[slot] ?? 0;
    if (foreign === 0) continue;
    const text = `${foreign} of ${counted(planned.keys, 'key')} in ${file} ${foreign === 1 ? 'is in a slot' : 'are in slots'} that ${host}:${port} did not have`;
    if (!allowPartial) throw new TribError('OTHER_SLOTS', `${text}: the file may come from another node or another backup. Nothing was changed`, { hint: `compare the file with nodes.json (redis-trib rdb ${file}); --allow-partial restores these keys too` });
    io.warn(text);
  }
}

/** Keys that the cluster has already would be mixed with those of the backup. Throws TribError NOT_EMPTY. */
function refuseKeys(keys: number): void {
  if (keys > 0) throw new TribError('NOT_EMPTY', `The cluster has ${counted(keys, 'key')} already`, { hint: '--replace restores the keys of the backup over them and keeps the others; --merge keeps all of them; after an interrupted restore --merge continues' });
}

/** Why the cluster does not hold the whole backup, by the counted keys; undefined when it does. */
function shortfall({ plan, stats, replace }: Restored): string | undefined {
  if (stats === undefined || Number.isNaN(stats.cluster.after)) return undefined;
  const arrived = stats.imported + stats.equal;
  const expired = stats.expired - plan.expired; // Since the files were read.
  if (arrived + stats.conflicts.length + stats.refused.length + expired !== plan.keys) return `${arrived} of ${counted(plan.keys, 'key')} arrived`;
  if (stats.replaced.some(isLoss)) return undefined; // Said by renderLoad.
  if (!replace && stats.cluster.after < stats.cluster.before + stats.imported) return `${counted(stats.cluster.before + stats.imported - stats.cluster.after, 'key')} that arrived did not stay: expired, evicted or deleted`;
  return undefined;
}

export default defineCommand({
  args: {
    usage: 'DIRECTORY HOST:PORT',
    parse(words: readonly string[], fallbackSeed: string | undefined): { readonly dir: string; readonly seed: SeedAddresses } {
      const [dir, ...rest] = words;
      if (dir === undefined) throw wrongNumber('DIRECTORY HOST:PORT');
      if (dir === '') throw usageError('the name of the directory is empty', 'for the current directory give .');
      return { dir, seed: seed.parse(rest, fallbackSeed).seed };
    },
  },
  options: {
    replace: flag('overwrite keys that the cluster holds with other values or times to live'),
    merge: flag('load into a cluster that has keys, and keep those it has'),
    match: text('PATTERN', 'only keys that match this pattern, as in KEYS'),
    db: text('N|all', 'database of the backup, or all. Keys keep their database number if the cluster has several databases (Valkey 9); otherwise all go to database 0'),
    allowPartial: flag('restore all readable data even if files are missing or damaged, or hold keys of slots that their node did not have'),
    timeout: integer('MS', 'milliseconds for the replies to one batch of keys', { min: 1, fallback: 60_000 }),
    ...restoreWaitOptions,
  },
  connects: true,
  mutates: true,
  description:
    'Loads the RDB files of a backup into a running cluster, however many masters it has and whichever slots they own: each key goes to the master of its slot. ' +
    'The cluster must be empty, unless --replace or --merge is given. Shows what would be loaded and asks. The backup stays as it is; at the end the keys are counted. ' +
    'Slots, replicas and settings are not restored: create the cluster first.',
  examples: ['redis-trib restore ./backup 127.0.0.1:7000 --dry-run', 'redis-trib restore ./backup 127.0.0.1:7000 --yes', 'redis-trib restore /srv/backup/today 10.0.0.1:7000 --replace'],
  async run({ args, options }, context): Promise<Restored> {
    const { io } = context;
    const { replace, merge, allowPartial, dryRun } = options;
    const [{ readBackup }, { countCluster }, { loadQuestion, plannedFileLine }] = await Promise.all([import('../src/apply/backup/read-backup.js'), import('../src/import/count-keys.js'), import('../src/ui/views/load-lines.js')]);
    const backup = await readBackup(resolve(context.cwd, args.dir));
    refuseMissing(backup, allowPartial);
    await using cluster = await openSeed(args.seed, context);
    await requireHealthy(cluster, context, 'restoring');
    if (options.waitReplicas > 0) (await import('../src/import/confirm-replicas.js')).requireEnoughReplicas(cluster, options);
    if (!replace && !merge) refuseKeys(await countCluster(cluster));
    const request: LoadRequest = { ...options, ...waitSettings(options) };
    const plan = await planFiles(cluster, backup.masters.map(({ file }) => file), request, context);
    refuseForeign(backup, plan, allowPartial, io);
    await warnEvictingMasters(cluster, io);
    if (dryRun) return { dir: args.dir, backup, plan, stats: undefined, replace };
    if (io.mode !== 'json') for (const file of plan.files) io.out(plannedFileLine(file));
    await context.confirm(loadQuestion(plan, replace));
    return { dir: args.dir, backup, plan, stats: await loadFiles(cluster, plan, request, context), replace };
  },
  async render(restored, context) {
    const { io } = context;
    const { backup, plan, stats, replace } = restored;
    const { plannedFileLine } = await import('../src/ui/views/load-lines.js');
    await renderLoad({ lines: plan.files.map(plannedFileLine), targets: plan.targets }, stats, replace, context);
    for (const { host, port } of backup.missing) io.error(`The data of ${host}:${port} is missing in the backup`);
    const short = shortfall(restored);
    if (short !== undefined) io.error(`${io.errStyle.bad('error:')} ${short}`);
    else if (stats !== undefined && loadExit(stats) === 0) io.out(io.mode === 'plain' ? `[OK] Backup ${restored.dir} restored: ${counted(stats.imported + stats.equal, 'key')}.` : `${io.style.good('✔')} Backup ${restored.dir} restored: ${counted(stats.imported + stats.equal, 'key')}`);
  },
  async toJson(restored) {
    const { loadDocument, loadPlanDocument } = await import('../src/ui/views/load-lines.js');
    const { backup, plan, stats } = restored;
    const missing = backup.missing.map(({ id, host, port }) => ({ id, host, port }));
    return { ok: stats !== undefined && loadExit(stats) === 0 && shortfall(restored) === undefined, applied: stats !== undefined, plan: loadPlanDocument(plan), missing, ...(stats === undefined ? {} : loadDocument(stats)) };
  },
  exitCode: (restored) => (shortfall(restored) === undefined ? loadExit(restored.stats) : 1),
});
