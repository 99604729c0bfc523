// redis-trib nodes: every node with role, slots, keys, replication, links and version. Judges nothing: that is check.
import { seed } from '../src/cli/arguments.js';
import { defineCommand } from '../src/cli/define.js';
import { openSeed } from '../src/cli/open.js';
import { ExitCode } from '../src/errors.js';
import type { NodeReport } from '../src/apply/node-facts.js';
import type { ClusterView } from '../src/cluster/view.js';

interface Listed {
  readonly view: ClusterView;
  readonly reports: readonly NodeReport[];
}

export default defineCommand({
  args: seed,
  connects: true,
  options: {},
  description: 'Piped, a line a node with the columns that its first line names; - where a column does not apply.',
  examples: ['redis-trib nodes 127.0.0.1:7000', "redis-trib nodes 127.0.0.1:7000 | awk '$3 == \"replica\" && $9 != \"ok\"'", 'redis-trib nodes 127.0.0.1:7000 --json | jq -r ".nodes[] | select(.lag > 1000) | .address"'],
  async run({ args }, context): Promise<Listed> {
    await using cluster = await openSeed(args.seed, context);
    const { reportNodes } = await import('../src/apply/node-facts.js');
    return { view: cluster.view, reports: await reportNodes(cluster) };
  },
  async render({ view, reports }, { io }) {
    const { nodeReportsTable, plainNodeLines } = await import('../src/ui/views/node-reports.js');
    io.out(io.mode === 'plain' ? plainNodeLines(view, reports).join('\n') : await nodeReportsTable(io, view, reports));
  },
  toJson: ({ view, reports }) => ({
    nodes: reports.map(({ node, facts, failure, lag, unlinked }) => ({
      id: node.id,
      address: node.name,
      host: node.host,
      port: node.port,
      busPort: node.busPort,
      role: node.role,
      master: node.masterId,
      flags: node.flags,
      configEpoch: node.configEpoch,
      slots: node.slots.ranges(),
      slotCount: node.slots.size,
      ...(facts ?? { error: failure }),
      ...(lag === undefined ? {} : { lag }),
      unlinked,
    })),
    unreachable: view.unreachable.map(({ id, name, role, masterId, flags, slots, reason }) => ({ id, address: name, role, master: masterId, flags, slots: slots.ranges(), reason })),
  }),
  exitCode: ({ reports }) => (reports.some(({ failure }) => failure !== undefined) ? ExitCode.failed : ExitCode.ok),
});
