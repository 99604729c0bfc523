// redis-trib backup: check (findings do not stop it), save every master and nodes.json. Writing the files atomically is in
// src/apply/backup/.
import { resolve } from 'node:path';
import { counted } from '../src/cluster/counted.js';
import { strayText } from '../src/cluster/key-holders.js';
import { seedAnd } from '../src/cli/program/arguments.js';
import { defineCommand, type SubcommandContext } from '../src/cli/program/define.js';
import { openSeed } from '../src/cli/connection/open.js';
import { choice, flag, integer, usageError } from '../src/cli/options/options.js';
import { wrongNumber } from '../src/cli/program/arguments.js';
import type { BackupOptions, BackupResult } from '../src/apply/backup/backup.js';
import type { StrayKeys } from '../src/apply/backup/stray-keys.js';
import type { BackupPreview } from '../src/apply/backup/preview.js';
import type { Cluster } from '../src/apply/open-cluster.js';
import type { CheckReport, OnlyCopy } from '../src/cluster/findings.js';
import type { Io } from '../src/ui/io.js';
import { fewOf } from '../src/ui/views/count.js';
import { ExitCode } from '../src/errors.js';

interface BackedUp {
  readonly result: BackupResult;
  readonly report: CheckReport;
  /** As typed, for display. */
  readonly dir: string;
  readonly ms: number;
}

interface Previewed {
  readonly preview: BackupPreview;
  readonly report: CheckReport;
  readonly allowPartial: boolean;
}

const WARNING = "*** Cluster seems to have some problems, please be aware of it if you're going to restore this backup.";

/** Checks the cluster; nodes that disagree get five seconds to agree. */
async function checkCluster(cluster: Cluster, { io, signal }: SubcommandContext): Promise<CheckReport> {
  let report = await cluster.check({ replicaHealth: true });
  if (!report.agreement) {
    await cluster.waitForAgreement({ timeoutMs: 5000, signal }).catch(() => signal.throwIfAborted());
    await cluster.refresh();
    report = await cluster.check({ replicaHealth: true });
  }
  if (io.mode !== 'plain') return report;
  const { checkLines } = await import('../src/ui/views/check-lines.js');
  io.out(checkLines(cluster.view, report, { dialect: io.lines }).join('\n'));
  return report;
}

async function save(cluster: Cluster, report: CheckReport, dir: string, options: BackupOptions, { io, cwd }: SubcommandContext): Promise<BackedUp> {
  const [{ backupCluster }, { showBackup }] = await Promise.all([import('../src/apply/backup/backup.js'), import('../src/ui/backing-up.js')]);
  const display = await showBackup(io, cluster.view.masters.length);
  const start = performance.now();
  try {
    const result = await backupCluster(cluster, report, resolve(cwd, dir), { ...options, onEvent: display.onEvent });
    display.done();
    return { result, report, dir, ms: Math.round(performance.now() - start) };
  } catch (error) {
    display.failed();
    throw error;
  }
}

function absentKeys(copies: readonly OnlyCopy[], ending: string): string[] {
  return fewOf(copies.map(({ node, master, keys }) => `${counted(keys, 'key')} ${ending}: only replica ${node.name} holds ${keys === 1 ? 'it' : 'them'}, its master ${master.name} is empty`));
}

/** Keys that a scan cannot read. */
function strayLines(strays: readonly StrayKeys[], [one, many]: readonly [one: string, many: string]): string[] {
  return fewOf(strays.map(({ node, keys, slots }) => `${strayText(node.name, keys, slots)}: ${keys === 1 ? `it ${one}` : `they ${many}`}`));
}

/** Whether the backup would fail at once. */
function wouldFail({ preview: { directory, missing, onlyCopies, strays, files }, allowPartial }: Previewed): boolean {
  return directory.problem !== undefined || (missing.length + onlyCopies.length + strays.length > 0 && !allowPartial) || files.some(({ failure }) => failure !== undefined);
}

async function renderPreview(previewed: Previewed, io: Io): Promise<void> {
  const { backupPreviewLines, backupPreviewTable } = await import('../src/ui/views/backup-preview.js');
  const { preview, report, allowPartial } = previewed;
  io.out(io.mode === 'plain' ? backupPreviewLines(preview).join('\n') : await backupPreviewTable(io, preview));
  for (const line of fewOf(preview.missing.map(({ name, reason }) => `The data of ${name} would be missing${allowPartial ? '' : ', so nothing would be saved without --allow-partial'}: ${reason}`))) io.error(line);
  const absent = `would be missing${allowPartial ? '' : ', so nothing would be saved without --allow-partial'}`;
  for (const line of absentKeys(preview.onlyCopies, absent)) io.error(line);
  for (const line of strayLines(preview.strays, [absent, absent])) io.error(line);
  if (!report.ok) io.out(io.mode === 'plain' ? WARNING : io.style.warn(WARNING.replace('*** ', '')));
  io.note(`Dry run: nothing was ${wouldFail(previewed) ? 'saved; the backup would fail' : 'saved'}.`);
}

function renderBackup({ result, report, dir }: BackedUp, io: Io): void {
  const manifest = `${dir.replace(/\/+$/, '')}/nodes.json`;
  if (io.mode === 'plain') io.out(`Saving cluster configuration to: ${manifest}`);
  for (const line of fewOf(result.missing.map(({ name, reason }) => `The data of ${name} is missing: ${reason}`))) io.error(line);
  for (const line of absentKeys(result.onlyCopies, 'are missing')) io.error(line);
  for (const line of strayLines(result.strays, ['is missing', 'are missing'])) io.error(line);
  if (!report.ok) io.out(io.mode === 'plain' ? WARNING : io.style.warn(WARNING.replace('*** ', '')));
  io.out(io.mode === 'plain' ? `[OK] Backup created into: ${dir}` : `${io.style.good('✔')} Backup created into ${dir}`);
}

/** As in the other documents: the node is an object. */
function fileDocument<T extends { readonly node: string; readonly id: string }>({ node, id, ...file }: T): object {
  return { node: { id, name: node }, ...file };
}

export default defineCommand({
  args: seedAnd('DIRECTORY', 1),
  connects: true,
  mutates: true,
  options: {
    via: choice(['sync', 'scan'], 'sync: as a replica reads it; scan: with SCAN, not a point-in-time snapshot (default: sync, or scan where a node refuses sync)'),
    parallel: integer('N', 'number of masters saved in parallel', { min: 1, fallback: 4 }),
    allowPartial: flag('save what can be read although masters with slots are missing, only a replica has the keys of an empty one, or a scan cannot read keys of slots that their node does not own'),
  },
  description:
    'Saves an RDB file of each master and nodes.json. The files appear when all are complete. They then replace an earlier backup in the directory; if the backup fails, the earlier one is unchanged. ' +
    'Each file is a snapshot of its own point in time, or of none with --via scan: stop all writers for a consistent backup. When slots moved meanwhile, nothing is saved. A scan cannot read keys of slots that their node does not own, and refuses (STRAY_KEYS). Never asks. --dry-run reports which masters, how much data, and whether the directory can take it; exit code 1 when the backup would fail.',
  examples: ['redis-trib backup 127.0.0.1:7000 ./backup', 'redis-trib backup 127.0.0.1:7000 ./backup --dry-run', 'redis-trib --cluster backup 10.0.0.1:7000 /srv/backup/today'],
  async run({ args, options }, context): Promise<BackedUp | Previewed> {
    const [dir = '', extra] = args.words;
    if (extra !== undefined) throw wrongNumber('HOST:PORT DIRECTORY');
    if (dir === '') throw usageError('the name of the directory is empty', 'for the current directory give .');
    await using cluster = await openSeed(args.seed, context);
    const report = await checkCluster(cluster, context);
    const { via, parallel, allowPartial } = options;
    if (options.dryRun) {
      const { previewBackup } = await import('../src/apply/backup/preview.js');
      return { preview: await previewBackup(cluster, report, resolve(context.cwd, dir), via), report, allowPartial };
    }
    return await save(cluster, report, dir, { concurrency: parallel, allowPartial, signal: context.signal, ...(via === undefined ? {} : { via }) }, context);
  },
  render(result, { io }) {
    return 'preview' in result ? renderPreview(result, io) : renderBackup(result, io);
  },
  toJson(done) {
    const { report } = done;
    const { missing: absent, onlyCopies, strays: unread } = 'preview' in done ? done.preview : done.result;
    const missing = absent.map(({ id, name, reason }) => ({ id, name, reason }));
    const strays = unread.map(({ slots, ...rest }) => ({ ...rest, slots: slots.ranges() }));
    if ('preview' in done) return { ok: report.ok, applied: false, would: !wouldFail(done), manifest: done.preview.manifest, files: done.preview.files.map(fileDocument), directory: done.preview.directory, missing, onlyCopies, strays };
    return { ok: report.ok, applied: true, ms: done.ms, manifest: done.result.manifest, files: done.result.files.map(fileDocument), missing, onlyCopies, strays };
  },
  exitCode: (done) => ('preview' in done && wouldFail(done) ? ExitCode.failed : ExitCode.ok),
});
