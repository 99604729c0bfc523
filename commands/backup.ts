// redis-trib backup: check (problems don't stop it), save every master and nodes.json. How files become complete all at
// once is src/apply/backup/'s.
import { resolve } from 'node:path';
import { seedAnd } from '../src/cli/arguments.js';
import { defineCommand, type CommandContext } from '../src/cli/define.js';
import { openSeed } from '../src/cli/open.js';
import { choice, flag, integer } from '../src/cli/options.js';
import { wrongNumber } from '../src/cli/arguments.js';
import type { BackupResult } from '../src/apply/backup/backup.js';
import type { Cluster } from '../src/apply/open-cluster.js';
import type { CheckReport } from '../src/cluster/findings.js';

interface BackedUp {
  readonly result: BackupResult;
  readonly report: CheckReport;
  /** As typed, which is what is shown. */
  readonly dir: string;
  readonly ms: number;
}

const WARNING = "*** Cluster seems to have some problems, please be aware of it if you're going to restore this backup.";

async function judge(cluster: Cluster, { io, signal }: CommandContext): Promise<CheckReport> {
  let report = await cluster.check();
  if (!report.agreement) {
    await cluster.waitForAgreement({ timeoutMs: 5000, signal }).catch(() => signal.throwIfAborted());
    await cluster.refresh();
    report = await cluster.check();
  }
  if (io.mode !== 'plain') return report;
  const { checkLines } = await import('../src/ui/views/check-lines.js');
  io.out(checkLines(cluster.view, report).join('\n'));
  return report;
}

export default defineCommand({
  args: seedAnd('DIRECTORY', 1),
  connects: true,
  options: {
    via: choice(['sync', 'scan'], 'sync: as a replica takes its data; scan: key by key (default: sync, where a node refuses it scan)'),
    parallel: integer('N', 'masters at the same time', { min: 1, fallback: 4 }),
    allowPartial: flag('save what can be reached although masters with slots are missing'),
  },
  description:
    'Saves an RDB file of each master and nodes.json. The files appear when all are complete; an earlier backup in the directory is replaced then, and stays as it is when this one fails. ' +
    "Every master's data is of its own moment: stop the writers for a backup of one moment.",
  examples: ['redis-trib backup 127.0.0.1:7000 ./backup', 'redis-trib --cluster backup 10.0.0.1:7000 /srv/backup/today'],
  async run({ args, options }, context): Promise<BackedUp> {
    const { io, signal, cwd } = context;
    const [dir = '', extra] = args.words;
    if (extra !== undefined) throw wrongNumber('HOST:PORT DIRECTORY');
    const [{ backupCluster }, { showBackup }] = await Promise.all([import('../src/apply/backup/backup.js'), import('../src/ui/backing-up.js')]);
    await using cluster = await openSeed(args.seed, context);
    const report = await judge(cluster, context);
    const display = await showBackup(io, cluster.view.masters.length);
    const start = performance.now();
    try {
      const { via, parallel, allowPartial } = options;
      const result = await backupCluster(cluster, report, resolve(cwd, dir), { concurrency: parallel, allowPartial, signal, onEvent: display.onEvent, ...(via === undefined ? {} : { via }) });
      display.done();
      return { result, report, dir, ms: Math.round(performance.now() - start) };
    } catch (error) {
      display.failed();
      throw error;
    }
  },
  render({ result, report, dir }, { io }) {
    const manifest = `${dir.replace(/\/$/, '')}/nodes.json`;
    if (io.mode === 'plain') io.out(`Saving cluster configuration to: ${manifest}`);
    for (const { name, reason } of result.missing) io.error(`The data of ${name} is missing: ${reason}`);
    if (!report.ok) io.out(io.mode === 'plain' ? WARNING : io.style.warn(WARNING.replace('*** ', '')));
    io.out(io.mode === 'plain' ? `[OK] Backup created into: ${dir}` : `${io.style.good('✔')} Backup created into ${dir}`);
  },
  toJson: ({ result, report, ms }) => ({ ok: report.ok, ms, manifest: result.manifest, files: result.files, missing: result.missing.map(({ id, name, reason }) => ({ id, name, reason })) }),
});
