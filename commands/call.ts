// redis-trib call: one command on every node in parallel, replies in node order. The words go to the nodes unchanged.
import { messageOf } from '../src/errors.js';
import { seedAnd } from '../src/cli/program/arguments.js';
import { defineCommand } from '../src/cli/program/define.js';
import { openSeed } from '../src/cli/connection/open.js';
import { flag, usageError } from '../src/cli/options/options.js';
import { stdinOptions } from '../src/cli/options/shared-options.js';
import type { FilledWords } from '../src/cli/options/stdin-word.js';
import type { Cluster } from '../src/apply/open-cluster.js';
import type { ClusterNode, UnreachableNode } from '../src/cluster/view.js';
import type { Reply } from '../src/resp/reply.js';
import type { Io } from '../src/ui/io.js';
import { fewOf } from '../src/ui/views/count.js';

interface NodeAnswer {
  readonly node: ClusterNode;
  /** The reply (also an error reply), or undefined when the connection failed. */
  readonly reply: Reply | undefined;
  readonly failure: string | undefined;
}

interface Called extends FilledWords {
  readonly answers: readonly NodeAnswer[];
  /** Selected nodes that could not be reached. */
  readonly unreachable: readonly UnreachableNode[];
}

async function ask(cluster: Cluster, node: ClusterNode, words: readonly string[], signal: AbortSignal): Promise<NodeAnswer> {
  try {
    const connection = await cluster.connection(node.id);
    const [reply] = await connection.pipeline([words], { signal });
    return { node, reply: reply ?? null, failure: undefined };
  } catch (error) {
    signal.throwIfAborted();
    return { node, reply: undefined, failure: messageOf(error) };
  }
}

/** The line of the predecessors when piped; at a terminal, stdin content is not shown, since it may be a whole file. */
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
  description: 'Give options of redis-trib before COMMAND; long ones may follow it too, except after --. Exit code 1 when a node replies with an error or cannot be reached. When piped, replies are the bytes of the nodes; --json and a terminal show control characters as escapes.',
  examples: ['redis-trib call 127.0.0.1:7000 config get maxmemory', 'redis-trib call --only-masters 127.0.0.1:7000 dbsize', 'redis-trib call 127.0.0.1:7000 -- set key -1', 'redis-trib call --only-masters -x 127.0.0.1:7000 function load replace < library.lua'],
  async run({ args, options }, context): Promise<Called> {
    if (options.onlyMasters && options.onlyReplicas && !context.legacy) throw usageError('--only-masters and --only-replicas exclude each other', 'without both of them the command goes to all nodes'); // redis-cli then calls no node (cli.md 1.3).
    const { fillFromStdin, stdinPlace } = await import('../src/cli/options/stdin-word.js');
    const place = stdinPlace(args.words, options);
    await using cluster = await openSeed(args.seed, context);
    const filled = await fillFromStdin(args.words, place, context.io, context.signal);
    const { mapBounded } = await import('../src/apply/node/parallel.js');
    const meant = ({ role }: { readonly role: ClusterNode['role'] }): boolean => !(options.onlyMasters && role !== 'master') && !(options.onlyReplicas && role !== 'replica');
    const unreachable = cluster.view.unreachable.filter(meant);
    for (const line of fewOf(unreachable.map((node) => `warning: ${node.name} is left out: ${node.reason}`))) context.io.note(line);
    const answers = await mapBounded(cluster.view.nodes.filter(meant), 64, (node) => ask(cluster, node, filled.words, context.signal));
    return { ...filled, answers, unreachable };
  },
  async render({ answers, unreachable: _told, ...filled }, { io }) {
    const { rawReply, shownReply } = await import('../src/ui/views/raw-reply.js');
    io.write(shownReply(await heading(filled, io), io.mode));
    for (const { node, reply } of answers) {
      io.write(`${io.style.strong(node.name)}: `);
      io.write(reply === undefined ? 'Failed!\n' : shownReply(rawReply(reply), io.mode));
    }
    for (const { node, failure } of answers) if (failure !== undefined) io.error(`${node.name}: ${failure}`);
  },
  async toJson({ words, answers, unreachable }) {
    const [{ absentDocuments }, { jsonReply }, { fromBinary }] = await Promise.all([import('../src/cli/output/documents.js'), import('../src/ui/views/raw-reply.js'), import('../src/resp/reply.js')]);
    const results = answers.map(({ node, reply, failure }) => ({ node: { id: node.id, name: node.name }, role: node.role, ...(failure === undefined ? jsonReply(reply ?? null) : { error: failure }) }));
    return { command: words.map(fromBinary), results, unreachable: absentDocuments(unreachable) };
  },
  exitCode: ({ answers, unreachable }) => (unreachable.length > 0 || answers.some(({ reply, failure }) => failure !== undefined || reply instanceof Error) ? 1 : 0),
});
