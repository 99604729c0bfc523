// redis-trib check: loads the cluster, judges it, exits 1 when something is wrong, and names the next command.
import { seed } from '../src/cli/program/arguments.js';
import { defineCommand, type SubcommandContext } from '../src/cli/program/define.js';
import { countKeys, openSeed } from '../src/cli/connection/open.js';
import { flag } from '../src/cli/options/options.js';
import type { CheckReport } from '../src/cluster/findings.js';
import type { ClusterView } from '../src/cluster/view.js';
import type { KeyCounts } from '../src/ui/views/cluster-lines.js';

interface Checked {
  readonly view: ClusterView;
  readonly keys: KeyCounts;
  readonly report: CheckReport;
  readonly searchedOwners: boolean;
  readonly next: string | undefined;
}

async function renderPlain({ view, keys, report, searchedOwners }: Checked, { io }: SubcommandContext): Promise<void> {
  const [{ infoLines }, { checkLines, extraWarnings }, { wordingOf }, { fragmentedNote }] = await Promise.all([import('../src/ui/views/cluster-lines.js'), import('../src/ui/views/check-lines.js'), import('../src/ui/views/dialect.js'), import('../src/ui/views/slot-ranges.js')]);
  const info = wordingOf(io.lines).infoFirst ? infoLines(view, keys) : [];
  io.out([...info, ...checkLines(view, report, { searchedOwners, dialect: io.lines })].join('\n'));
  for (const warning of extraWarnings(report, io.predecessor)) io.warn(`${warning}`);
  const note = fragmentedNote(view);
  if (note !== undefined) io.warn(note);
}

async function renderTable({ view, keys, report, searchedOwners }: Checked, { io }: SubcommandContext): Promise<void> {
  const { nodesTable, verdictLines } = await import('../src/ui/views/check-table.js');
  io.out(`${await nodesTable(io, view, keys)}\n`);
  io.out(verdictLines(io, view, report).join('\n'));
  const doubled = report.findings.some((finding) => finding.kind === 'multiple-owners');
  if (searchedOwners && !doubled) io.out(`${io.style.good('✔')} No slot has several owners`);
}

export default defineCommand({
  args: seed,
  connects: true,
  quick: true,
  options: {
    searchMultipleOwners: flag('also ask every master for keys in slots that it does not own'),
  },
  examples: ['redis-trib check 127.0.0.1:7000', 'redis-trib check 10.0.0.1:7000,10.0.0.2:7000 --json', 'redis-trib --cluster check 127.0.0.1 7000 --cluster-search-multiple-owners'],
  async run({ args, options }, context): Promise<Checked> {
    await using cluster = await openSeed(args.seed, context);
    const { nextStep } = await import('../src/ui/views/check-table.js');
    const searchedOwners = options.searchMultipleOwners;
    const [keys, report] = await Promise.all([countKeys(cluster), cluster.check({ searchMultipleOwners: searchedOwners, replicaHealth: true, refusedWrites: true })]);
    return { view: cluster.view, keys, report, searchedOwners, next: nextStep(cluster.view, report) };
  },
  async render(result, context) {
    await (context.io.mode === 'plain' ? renderPlain(result, context) : renderTable(result, context));
    if (result.next !== undefined) context.io.note(`${context.io.errStyle.accent('try:')} ${result.next}`, 'always-stderr');
  },
  async toJson({ view, keys, report, next }) {
    const [{ nodeDocuments, reportDocument }, { rangesOf }] = await Promise.all([import('../src/cli/output/documents.js'), import('../src/ui/views/slot-ranges.js')]);
    return { nodes: nodeDocuments(view, keys), ranges: rangesOf(view), ...reportDocument(report), ...(next === undefined ? {} : { next }) };
  },
  exitCode: ({ report }) => (report.ok ? 0 : 1),
});
