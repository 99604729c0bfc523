// redis-trib info: the masters with their keys, slots and replicas. It does not judge (see check), so its exit code is 0 even
// with unreachable nodes, as redis-cli's (cli.md 3.1).
import { seed } from '../src/cli/program/arguments.js';
import { defineCommand } from '../src/cli/program/define.js';
import { countKeys, openSeed } from '../src/cli/connection/open.js';
import type { ClusterView } from '../src/cluster/view.js';
import { fewOf } from '../src/ui/views/count.js';
import type { KeyCounts } from '../src/ui/views/cluster-lines.js';

interface Info {
  readonly view: ClusterView;
  readonly keys: KeyCounts;
}

function total(keys: KeyCounts): number {
  return [...keys.values()].reduce<number>((sum, count) => sum + (typeof count === 'number' ? count : 0), 0);
}

export default defineCommand({
  args: seed,
  connects: true,
  quick: true,
  options: {},
  examples: ['redis-trib info 127.0.0.1:7000', 'redis-trib info 127.0.0.1:7000 --json | jq .keys'],
  async run({ args }, context): Promise<Info> {
    await using cluster = await openSeed(args.seed, context);
    return { view: cluster.view, keys: await countKeys(cluster) };
  },
  async render({ view, keys }, { io }) {
    const { rangesText, fragmentedNote } = await import('../src/ui/views/slot-ranges.js');
    const note = fragmentedNote(view);
    if (note !== undefined) io.warn(note);
    if (io.mode === 'plain') {
      const silent = view.unreachable.filter(({ refusal, unresponsive }) => refusal === undefined && unresponsive !== true); // openSeed has reported the others.
      for (const line of fewOf(silent.map(({ name, reason }) => `${name} cannot be reached and is left out: ${reason}`))) io.warn(line);
      const { infoLines } = await import('../src/ui/views/cluster-lines.js');
      return io.out(infoLines(view, keys).join('\n'));
    }
    const { formatCount, nodesTable } = await import('../src/ui/views/check-table.js');
    io.out(`${await nodesTable(io, view, keys)}\n`);
    const replicas = view.replicas.length === 0 ? '' : `, ${view.replicas.length} replicas`;
    io.out(`${formatCount(total(keys))} keys in ${view.masters.length} masters${replicas}; the slot map has ${rangesText(view)}`);
    for (const line of fewOf(view.unreachable.map((node) => `${io.style.bad('✖')} ${node.name} cannot be reached: ${node.reason}`))) io.out(line);
  },
  async toJson({ view, keys }) {
    const [{ absentDocuments, nodeDocuments }, { rangesOf }] = await Promise.all([import('../src/cli/output/documents.js'), import('../src/ui/views/slot-ranges.js')]);
    return { keys: total(keys), masters: view.masters.length, replicas: view.replicas.length, ranges: rangesOf(view), nodes: nodeDocuments(view, keys), unreachable: absentDocuments(view.unreachable) };
  },
});
