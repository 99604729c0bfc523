// redis-trib info: the masters with their keys, slots and replicas. It does not judge (see check), but its totals are
// incomplete when a node with slots does not answer: exit code 1 then; in the predecessors' spelling 0, as redis-cli's
// (cli.md 3.1).
import { seed } from '../src/cli/program/arguments.js';
import { defineCommand } from '../src/cli/program/define.js';
import { countKeys, openSeed } from '../src/cli/connection/open.js';
import type { ClusterView } from '../src/cluster/view.js';
import { counted, fewOf } from '../src/ui/views/count.js';
import { ExitCode } from '../src/errors.js';
import type { Io } from '../src/ui/io.js';
import type { KeyCounts } from '../src/ui/views/cluster-lines.js';

interface Info {
  readonly view: ClusterView;
  readonly keys: KeyCounts;
  /** Names of the nodes without which the totals are incomplete. */
  readonly missing: readonly string[];
  readonly exitCode: number;
}

function missingNodes(view: ClusterView, keys: KeyCounts): string[] {
  const uncounted = view.masters.filter(({ id }) => typeof keys.get(id) !== 'number');
  return [...view.unreachable.filter(({ slots }) => slots.size > 0), ...uncounted].map(({ name }) => name);
}

function total(keys: KeyCounts): number {
  return [...keys.values()].reduce<number>((sum, count) => sum + (typeof count === 'number' ? count : 0), 0);
}

function incomplete(io: Io, missing: readonly string[]): string {
  return `${io.errStyle.bad('error:')} the totals are incomplete: ${missing.join(', ')} ${missing.length === 1 ? 'does' : 'do'} not answer for ${missing.length === 1 ? 'its' : 'their'} keys`;
}

export default defineCommand({
  args: seed,
  connects: true,
  quick: true,
  options: {},
  examples: ['redis-trib info 127.0.0.1:7000', 'redis-trib info 127.0.0.1:7000 --json | jq .keys'],
  async run({ args }, context): Promise<Info> {
    await using cluster = await openSeed(args.seed, context);
    const keys = await countKeys(cluster);
    const missing = missingNodes(cluster.view, keys);
    return { view: cluster.view, keys, missing, exitCode: missing.length > 0 && !context.io.predecessor ? ExitCode.failed : ExitCode.ok };
  },
  async render({ view, keys, missing, exitCode }, { io }) {
    const { rangesText, fragmentedNote } = await import('../src/ui/views/slot-ranges.js');
    const note = fragmentedNote(view);
    if (note !== undefined) io.warn(note);
    if (io.mode === 'plain') {
      const silent = view.unreachable.filter(({ refusal, unresponsive }) => refusal === undefined && unresponsive !== true); // openSeed has reported the others.
      for (const line of fewOf(silent.map(({ name, reason }) => `${name} cannot be reached and is left out: ${reason}`))) io.warn(line);
      const { infoLines } = await import('../src/ui/views/cluster-lines.js');
      io.out(infoLines(view, keys).join('\n'));
      if (exitCode !== 0) io.error(incomplete(io, missing));
      return;
    }
    const { nodesTable } = await import('../src/ui/views/check-table.js');
    io.out(`${await nodesTable(io, view, keys)}\n`);
    const replicas = view.replicas.length === 0 ? '' : `, ${counted(view.replicas.length, 'replica')}`;
    io.out(`${counted(total(keys), 'key')} in ${counted(view.masters.length, 'master')}${replicas}; the slot map has ${rangesText(view)}`);
    for (const line of fewOf(view.unreachable.map((node) => `${io.style.bad('✖')} ${node.name} cannot be reached: ${node.reason}`))) io.out(line);
    if (exitCode !== 0) io.error(incomplete(io, missing));
  },
  async toJson({ view, keys, missing }) {
    const [{ absentDocuments, nodeDocuments }, { rangesOf }] = await Promise.all([import('../src/cli/output/documents.js'), import('../src/ui/views/slot-ranges.js')]);
    return { ok: missing.length === 0, keys: total(keys), masters: view.masters.length, replicas: view.replicas.length, ranges: rangesOf(view), nodes: nodeDocuments(view, keys), unreachable: absentDocuments(view.unreachable) };
  },
  exitCode: ({ exitCode }) => exitCode,
});
