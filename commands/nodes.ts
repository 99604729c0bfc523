// redis-trib nodes: every node with role, slots, keys, replication, links and version. It does not judge (see check).
import { seed } from '../src/cli/program/arguments.js';
import { defineCommand } from '../src/cli/program/define.js';
import { openSeed } from '../src/cli/connection/open.js';
import { ExitCode } from '../src/errors.js';
import type { NodeReport } from '../src/apply/cluster/node-facts.js';
import type { ClusterView } from '../src/cluster/view.js';

interface Listed {
  readonly view: ClusterView;
  readonly reports: readonly NodeReport[];
}

export default defineCommand({
  args: seed,
  connects: true,
  quick: true,
  options: {},
  description: 'When piped, prints a line per node. The first line names the columns; - stands for a value that does not apply.',
  examples: ['redis-trib nodes 127.0.0.1:7000', "redis-trib nodes 127.0.0.1:7000 | awk '$3 == \"replica\" && $9 != \"ok\"'", 'redis-trib nodes 127.0.0.1:7000 --json | jq -r ".nodes[] | select(.lag > 1000) | .host, .port"'],
  async run({ args }, context): Promise<Listed> {
    await using cluster = await openSeed(args.seed, context);
    const { reportNodes } = await import('../src/apply/cluster/node-facts.js');
    return { view: cluster.view, reports: await reportNodes(cluster) };
  },
  async render({ view, reports }, { io }) {
    const { nodeReportsTable, plainNodeLines } = await import('../src/ui/views/node-reports.js');
    io.out(io.mode === 'plain' ? plainNodeLines(view, reports).join('\n') : await nodeReportsTable(io, view, reports));
  },
  toJson: async ({ view, reports }) => {
    const { absentDocuments, nodeFields } = await import('../src/cli/output/documents.js');
    const nodes = reports.map(({ node, facts, failure, lag, unlinked }) => ({
      ...nodeFields(node),
      ...(facts ?? { error: failure }),
      ...(lag === undefined ? {} : { lag }),
      unlinked,
    }));
    return { nodes, unreachable: absentDocuments(view.unreachable) };
  },
  exitCode: ({ reports }) => (reports.some(({ failure }) => failure !== undefined) ? ExitCode.failed : ExitCode.ok),
});
