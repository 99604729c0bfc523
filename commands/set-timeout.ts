// redis-trib set-timeout: sets cluster-node-timeout of every node in memory and in its configuration file (cli.md 2.11). All
// nodes in parallel; a refusal is reported, and the other nodes keep the new value.
import { messageOf } from '../src/errors.js';
import { wrongNumber } from '../src/cli/program/arguments.js';
import { takeSeed, type SeedAddresses } from '../src/cli/options/address.js';
import { defineCommand, type Arguments } from '../src/cli/program/define.js';
import { openSeed } from '../src/cli/connection/open.js';
import { usageError } from '../src/cli/options/options.js';
import type { Cluster } from '../src/apply/open-cluster.js';
import type { ClusterNode, UnreachableNode } from '../src/cluster/view.js';
import { fewOf } from '../src/ui/views/count.js';

const USAGE = 'HOST:PORT MILLISECONDS';
const LEAST_MS = 100;
/**
 * Servers accept any 64-bit number; the predecessors read an int (cli.md 2.11), and above these 25 days no failover would
 * happen in practice.
 */
const MAX_MS = 2 ** 31 - 1;

const args: Arguments<{ readonly seed: SeedAddresses; readonly ms: number }> = {
  usage: USAGE,
  parse(words) {
    if (words.length === 0) throw wrongNumber(USAGE);
    const { seed, rest } = takeSeed(words);
    const [text] = rest;
    if (text === undefined || rest.length !== 1) throw wrongNumber(USAGE);
    if (!/^\d+$/.test(text)) throw usageError(`the node timeout must be a whole number of milliseconds, not "${text}"`, `it takes: ${USAGE}`);
    if (Number(text) < LEAST_MS) throw usageError(`Setting a node timeout of less than ${LEAST_MS} milliseconds is a bad idea.`, 'the servers\' default is 15000');
    if (Number(text) > MAX_MS) throw usageError(`the node timeout must be between ${LEAST_MS} and ${MAX_MS} milliseconds, not ${text}`, 'the servers\' default is 15000');
    return { seed, ms: Number(text) };
  },
};

interface TimeoutOutcome {
  readonly node: ClusterNode;
  /** The new timeout is set in memory. */
  readonly set: boolean;
  /** The refusal of the node; undefined when there was none. */
  readonly problem: string | undefined;
}

interface Changed {
  readonly ms: number;
  readonly before: readonly (number | undefined)[];
  readonly outcomes: readonly TimeoutOutcome[];
  readonly unreachable: readonly UnreachableNode[];
  readonly applied: boolean;
}

async function change(cluster: Cluster, node: ClusterNode, ms: number, signal: AbortSignal): Promise<TimeoutOutcome> {
  let set = false;
  try {
    const admin = await cluster.admin(node.id);
    await admin.configSet('cluster-node-timeout', ms);
    set = true;
    await admin.configRewrite();
    return { node, set, problem: undefined };
  } catch (error) {
    signal.throwIfAborted();
    return { node, set, problem: messageOf(error) };
  }
}

async function current(cluster: Cluster, node: ClusterNode): Promise<number | undefined> {
  const text = await (await cluster.admin(node.id)).configGet('cluster-node-timeout').catch(() => undefined);
  return text === undefined ? undefined : Number(text);
}

export default defineCommand({
  args,
  options: {},
  connects: true,
  mutates: true,
  description: 'cluster-node-timeout: how long a node may be silent before the others mark it as failed. Sets it in memory and in each node\'s configuration file; exit code 1 when a node refuses to set it or to save its file.',
  examples: ['redis-trib set-timeout 127.0.0.1:7000 15000', 'redis-trib --cluster set-timeout 127.0.0.1:7000 5000'],
  async run({ args: { seed, ms }, options }, context): Promise<Changed> {
    const [{ mapBounded }, cluster] = await Promise.all([import('../src/apply/node/parallel.js'), openSeed(seed, context)]);
    await using _closing = cluster;
    const { nodes, unreachable } = cluster.view;
    const before = await mapBounded(nodes, 64, (node) => current(cluster, node));
    const outcomes = options.dryRun ? nodes.map((node) => ({ node, set: false, problem: undefined })) : await mapBounded(nodes, 64, (node) => change(cluster, node, ms, context.signal));
    return { ms, before, outcomes, unreachable, applied: !options.dryRun };
  },
  async render({ ms, before, outcomes, unreachable, applied }, { io }) {
    for (const line of fewOf(unreachable.map(({ name }) => `${name} cannot be reached and keeps its timeout: run the same command again when it is back`))) io.warn(line);
    if (!applied) {
      io.out(outcomes.map(({ node }, index) => `${node.name}: ${before[index] ?? '?'} ms would become ${ms} ms`).join('\n'));
      return io.note('Dry run: nothing was changed.');
    }
    const bad = outcomes.filter(({ problem }) => problem !== undefined);
    if (io.mode === 'plain') {
      const { nodeTimeout } = (await import('../src/ui/views/dialect.js')).wordingOf(io.lines);
      const lines = outcomes.map(({ node, problem }) => (problem === undefined ? `*** New timeout set for ${node.name}` : `ERR setting ${nodeTimeout} for ${node.name}: ${problem}`));
      io.out(['>>> Reconfiguring node timeout in every cluster node...', ...lines, `>>> New node timeout set. ${outcomes.length - bad.length} OK, ${bad.length} ERR.`].join('\n'));
    } else {
      const { drawTable } = await import('../src/ui/table.js');
      const rows = outcomes.map(({ node, set, problem }, index) => [node.name, `${before[index] ?? '?'} ms`, set ? `${ms} ms` : 'unchanged', problem === undefined ? io.style.good('✔') : io.style.bad(`✖ ${problem}`)]);
      io.out(await drawTable(io, [{ title: 'node' }, { title: 'before', align: 'right' }, { title: 'now', align: 'right' }, { title: '' }], rows));
    }
    if (bad.some(({ set }) => set)) io.note('Nodes that could not write their configuration file use the new timeout until they restart.', 'always-stderr');
  },
  toJson: async ({ ms, before, outcomes, unreachable, applied }) => ({
    ms,
    applied,
    nodes: outcomes.map(({ node, set, problem }, index) => ({ id: node.id, address: node.name, before: before[index] ?? null, set, ...(problem === undefined ? {} : { error: problem }) })),
    unreachable: (await import('../src/cli/output/documents.js')).absentDocuments(unreachable),
  }),
  exitCode: ({ outcomes, unreachable }) => (outcomes.some(({ problem }) => problem !== undefined) || unreachable.length > 0 ? 1 : 0),
});
