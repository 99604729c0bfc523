// redis-trib info: the masters with their keys, slots and replicas. Judges nothing: that is check. So its exit code is 0
// whoever is away, as redis-cli's (cli 3.1).
import { seed } from '../src/cli/arguments.js';
import { defineCommand } from '../src/cli/define.js';
import { countKeys, openSeed } from '../src/cli/open.js';
import type { ClusterView } from '../src/cluster/view.js';
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
  options: {},
  examples: ['redis-trib info 127.0.0.1:7000', 'redis-trib info 127.0.0.1:7000 --json | jq .keys'],
  async run({ args }, context): Promise<Info> {
    await using cluster = await openSeed(args.seed, context);
    return { view: cluster.view, keys: await countKeys(cluster) };
  },
  async render({ view, keys }, { io }) {
    if (io.mode === 'plain') {
      for (const { name, reason, refusal, mute } of view.unreachable) {
        if (refusal === undefined && mute !== true) io.note(`${io.errStyle.warn('warning:')} ${name} cannot be reached and is left out: ${reason}`); // of the others openSeed has told
      }
      const { infoLines } = await import('../src/ui/views/cluster-lines.js');
      return io.out(infoLines(view, keys).join('\n'));
    }
    const { formatCount, nodesTable } = await import('../src/ui/views/check-table.js');
    io.out(`${await nodesTable(io, view, keys)}\n`);
    const replicas = view.replicas.length === 0 ? '' : `, ${view.replicas.length} replicas`;
    io.out(`${formatCount(total(keys))} keys in ${view.masters.length} masters${replicas}`);
    for (const node of view.unreachable) io.out(`${io.style.bad('✖')} ${node.name} cannot be reached: ${node.reason}`);
  },
  async toJson({ view, keys }) {
    const { nodeDocuments } = await import('../src/cli/documents.js');
    const unreachable = view.unreachable.map(({ id, name, role, reason }) => ({ id, address: name, role, reason }));
    return { keys: total(keys), masters: view.masters.length, replicas: view.replicas.length, nodes: nodeDocuments(view, keys), unreachable };
  },
});
