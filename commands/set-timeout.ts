// redis-trib set-timeout: cluster-node-timeout of every node, in memory and in its configuration file (cli 2.11). All nodes
// at the same time; what a node refuses is told, and the others keep what they were set to.
import { wrongNumber } from '../src/cli/arguments.js';
import { takeSeed, type Seed } from '../src/cli/address.js';
import { defineCommand, type Arguments } from '../src/cli/define.js';
import { openSeed } from '../src/cli/open.js';
import { usageError } from '../src/cli/options.js';
import type { Cluster } from '../src/apply/open-cluster.js';
import type { ClusterNode } from '../src/cluster/view.js';

const USAGE = 'HOST:PORT MILLISECONDS';
const LEAST_MS = 100;
/** Servers take any 64-bit number; the predecessors read an int (cli 2.11), and with more than these 25 days nobody ever fails over. */
const MOST_MS = 2 ** 31 - 1;

const args: Arguments<{ readonly seed: Seed; readonly ms: number }> = {
  usage: USAGE,
  parse(words) {
    if (words.length === 0) throw wrongNumber(USAGE);
    const { seed, rest } = takeSeed(words);
    const [text] = rest;
    if (text === undefined || rest.length !== 1) throw wrongNumber(USAGE);
    if (!/^\d+$/.test(text)) throw usageError(`the node timeout is a whole number of milliseconds, not "${text}"`, `it takes: ${USAGE}`);
    if (Number(text) < LEAST_MS) throw usageError(`Setting a node timeout of less than ${LEAST_MS} milliseconds is a bad idea.`, 'the default of servers is 15000');
    if (Number(text) > MOST_MS) throw usageError(`the node timeout is from ${LEAST_MS} to ${MOST_MS} milliseconds, not ${text}`, 'the default of servers is 15000');
    return { seed, ms: Number(text) };
  },
};

interface Outcome {
  readonly node: ClusterNode;
  /** The new timeout holds in memory. */
  readonly set: boolean;
  /** What the node refused; undefined when all went well. */
  readonly problem: string | undefined;
}

interface Changed {
  readonly ms: number;
  readonly before: readonly (number | undefined)[];
  readonly outcomes: readonly Outcome[];
  readonly unreachable: readonly string[];
  readonly applied: boolean;
}

async function change(cluster: Cluster, node: ClusterNode, ms: number, signal: AbortSignal): Promise<Outcome> {
  let set = false;
  try {
    const admin = await cluster.admin(node.id);
    await admin.configSet('cluster-node-timeout', ms);
    set = true;
    await admin.configRewrite();
    return { node, set, problem: undefined };
  } catch (error) {
    signal.throwIfAborted();
    return { node, set, problem: error instanceof Error ? error.message : String(error) };
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
  description: 'cluster-node-timeout: how long a node may be silent until the others take it for failed. It is set in memory and written to each node\'s configuration file; exit code 1 when any node refuses one of both.',
  examples: ['redis-trib set-timeout 127.0.0.1:7000 15000', 'redis-trib --cluster set-timeout 127.0.0.1:7000 5000'],
  async run({ args: { seed, ms }, options }, context): Promise<Changed> {
    const [{ mapBounded }, cluster] = await Promise.all([import('../src/apply/parallel.js'), openSeed(seed, context)]);
    await using _closing = cluster;
    const { nodes, unreachable } = cluster.view;
    const before = await mapBounded(nodes, 64, (node) => current(cluster, node));
    const outcomes = options.dryRun ? nodes.map((node) => ({ node, set: false, problem: undefined })) : await mapBounded(nodes, 64, (node) => change(cluster, node, ms, context.signal));
    return { ms, before, outcomes, unreachable: unreachable.map((node) => node.name), applied: !options.dryRun };
  },
  async render({ ms, before, outcomes, unreachable, applied }, { io }) {
    for (const name of unreachable) io.note(`${io.errStyle.warn('warning:')} ${name} cannot be reached and keeps its timeout: run the same command again when it is back`);
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
      io.out(await drawTable(io.style, [{ title: 'node' }, { title: 'before', align: 'right' }, { title: 'now', align: 'right' }, { title: '' }], rows));
    }
    if (bad.some(({ set }) => set)) io.note('Nodes that could not write their configuration file use the new timeout until they restart.');
  },
  toJson: ({ ms, before, outcomes, unreachable, applied }) => ({
    ms,
    applied,
    nodes: outcomes.map(({ node, set, problem }, index) => ({ id: node.id, address: node.name, before: before[index] ?? null, set, ...(problem === undefined ? {} : { error: problem }) })),
    unreachable,
  }),
  exitCode: ({ outcomes, unreachable }) => (outcomes.some(({ problem }) => problem !== undefined) || unreachable.length > 0 ? 1 : 0),
});
