// redis-trib call: one command on every node at the same time, answers in node order. Words go to the nodes verbatim.
import { seedAnd } from '../src/cli/arguments.js';
import { defineCommand } from '../src/cli/define.js';
import { openSeed } from '../src/cli/open.js';
import { flag, usageError } from '../src/cli/options.js';
import { stdinOptions } from '../src/cli/shared-options.js';
import type { FilledWords } from '../src/cli/stdin-word.js';
import type { Cluster } from '../src/apply/open-cluster.js';
import type { ClusterNode } from '../src/cluster/view.js';
import type { Reply } from '../src/resp/reply.js';
import type { Io } from '../src/ui/io.js';

interface Answer {
  readonly node: ClusterNode;
  /** What the node said (an error reply too), or undefined when the connection failed. */
  readonly reply: Reply | undefined;
  readonly failure: string | undefined;
}

interface Called extends FilledWords {
  readonly answers: readonly Answer[];
  /** Names of the nodes that were meant but could not be asked. */
  readonly unreachable: readonly string[];
}

async function ask(cluster: Cluster, node: ClusterNode, words: readonly string[], signal: AbortSignal): Promise<Answer> {
  try {
    const connection = await cluster.connection(node.id);
    const [reply] = await connection.pipeline([words], { signal });
    return { node, reply: reply ?? null, failure: undefined };
  } catch (error) {
    signal.throwIfAborted();
    return { node, reply: undefined, failure: error instanceof Error ? error.message : String(error) };
  }
}

/** As the predecessors print it; a person is spared what may be a whole file. */
async function heading({ words, fromStdin }: FilledWords, { mode, lines }: Io): Promise<string> {
  const { wordingOf } = await import('../src/ui/views/dialect.js');
  const shown = words.map((word, index) => (index === fromStdin && mode === 'table' ? `(${word.length} bytes of stdin)` : word));
  return `>>> Calling ${wordingOf(lines).command(shown)}`;
}

export default defineCommand({
  args: seedAnd('COMMAND [ARGS…]', 1),
  connects: true,
  verbatimAfter: 2,
  options: {
    onlyMasters: flag('masters only', { aliases: ['only-primaries'] }),
    onlyReplicas: flag('replicas only'),
    ...stdinOptions,
  },
  description: 'Options of redis-trib stand before COMMAND; long ones may stand behind it too, unless after --. Exit code 1 when a node answers an error or cannot be reached.',
  examples: ['redis-trib call 127.0.0.1:7000 config get maxmemory', 'redis-trib call --only-masters 127.0.0.1:7000 dbsize', 'redis-trib call 127.0.0.1:7000 -- set key -1', 'redis-trib call --only-masters -x 127.0.0.1:7000 function load replace < library.lua'],
  async run({ args, options }, context): Promise<Called> {
    if (options.onlyMasters && options.onlyReplicas && !context.legacy) throw usageError('--only-masters and --only-replicas exclude each other', 'without both of them all nodes are asked'); // redis-cli asks nobody then (cli 1.3)
    const { fillFromStdin, stdinPlace } = await import('../src/cli/stdin-word.js');
    const place = stdinPlace(args.words, options);
    await using cluster = await openSeed(args.seed, context);
    const filled = await fillFromStdin(args.words, place, context.io, context.signal);
    const { mapBounded } = await import('../src/apply/parallel.js');
    const meant = ({ role }: { readonly role: ClusterNode['role'] }): boolean => !(options.onlyMasters && role !== 'master') && !(options.onlyReplicas && role !== 'replica');
    const unreachable = cluster.view.unreachable.filter(meant);
    for (const node of unreachable) context.io.note(`warning: ${node.name} is left out: ${node.reason}`);
    const answers = await mapBounded(cluster.view.nodes.filter(meant), 64, (node) => ask(cluster, node, filled.words, context.signal));
    return { ...filled, answers, unreachable: unreachable.map(({ name }) => name) };
  },
  async render({ answers, unreachable: _told, ...filled }, { io }) {
    const { rawReply } = await import('../src/ui/views/raw-reply.js');
    io.write(Buffer.from(`${await heading(filled, io)}\n`, 'latin1'));
    for (const { node, reply } of answers) {
      io.write(`${io.style.strong(node.name)}: `);
      io.write(reply === undefined ? 'Failed!\n' : Buffer.from(`${rawReply(reply)}\n`, 'latin1'));
    }
    for (const { node, failure } of answers) if (failure !== undefined) io.error(`${node.name}: ${failure}`);
  },
  async toJson({ words, answers, unreachable }) {
    const [{ jsonReply }, { fromBinary }] = await Promise.all([import('../src/ui/views/raw-reply.js'), import('../src/resp/reply.js')]);
    const results = answers.map(({ node, reply, failure }) => ({ node: node.name, id: node.id, role: node.role, ...(failure === undefined ? jsonReply(reply ?? null) : { error: failure }) }));
    return { command: words.map(fromBinary), results, unreachable };
  },
  exitCode: ({ answers, unreachable }) => (unreachable.length > 0 || answers.some(({ reply, failure }) => failure !== undefined || reply instanceof Error) ? 1 : 0),
});
