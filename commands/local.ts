// redis-trib local: nodes on this machine, with the verbs of create-cluster. The work is in src/local/; nodes are joined as in
// create.
import { resolve } from 'node:path';
import { wrongNumber } from '../src/cli/program/arguments.js';
import { defineCommand, type Arguments, type SubcommandContext } from '../src/cli/program/define.js';
import { flag, integer, text, usageError, type OptionValues } from '../src/cli/options/options.js';
import { LOCAL_ACTIONS, renderLocal } from '../src/cli/output/local-report.js';
import type { LocalAction, LocalNodeReport, LocalReport } from '../src/cli/output/local-report.js';
import { TribError } from '../src/errors.js';
import type { NodeStatus } from '../src/local/local-cluster.js';
import type { LocalState } from '../src/local/state.js';

const USAGE = 'ACTION [PORT | COMMAND…]';

interface LocalArguments {
  readonly action: LocalAction;
  /** A port, or the number of a node counted from 1. */
  readonly node: number | undefined;
  /** `call`: the command. */
  readonly words: readonly string[];
}

const args: Arguments<LocalArguments> = {
  usage: USAGE,
  actions: LOCAL_ACTIONS,
  parse(words) {
    const [word, node, more] = words;
    if (word === undefined) throw wrongNumber(`local ${USAGE}`);
    const action = LOCAL_ACTIONS.find((name) => name === word.toLowerCase());
    if (action === undefined) throw usageError(`unknown action of local: ${word}`, `one of ${LOCAL_ACTIONS.join(', ')}`);
    if (action === 'call' ? node === undefined : more !== undefined) throw wrongNumber(`local ${USAGE}`);
    if (action === 'call') return { action, node: undefined, words: words.slice(1) };
    if (node !== undefined && ((action !== 'logs' && action !== 'tail') || !/^\d+$/.test(node))) throw usageError(`unexpected argument: ${node}`);
    if (node === undefined && action === 'tail') throw usageError('local tail needs a node', 'redis-trib local tail 1, or its port; all nodes: redis-trib local tailall');
    return { action, node: node === undefined ? undefined : Number(node), words: [] };
  },
};

const options = {
  masters: integer('N', 'how many masters (default 3)', { min: 1, max: 1000, fallback: undefined }),
  replicas: integer('N', 'number of replicas of each master (default 1)', { min: 0, max: 10, fallback: undefined }),
  port: integer('PORT', 'port of the first node; the others follow (default 30001)', { min: 1, max: 55_535, fallback: undefined }),
  dir: text('DIR', 'directory of the nodes (default ./redis-trib-local)'),
  server: text('PATH', 'run this redis-server or valkey-server instead of the bundled node'),
  follow: flag('logs: follow the files', { short: 'f' }),
  lines: integer('N', 'logs: number of lines of each node', { short: 'n', min: 0, fallback: 20 }),
} as const;

type Input = { readonly args: ReturnType<typeof args.parse>; readonly options: OptionValues<typeof options> & { readonly dryRun: boolean } };

/** The present state, for the report. */
async function nodeReports(folder: string): Promise<readonly LocalNodeReport[]> {
  const { localStatus } = await import('../src/local/local-cluster.js');
  const found = await localStatus(folder);
  return (found?.nodes ?? []).map(({ port, pid, running }) => ({ port, pid, running, address: `${found?.state.host ?? ''}:${port}` }));
}

/** Actions that start nodes which do not run. */
const STARTS: ReadonlySet<LocalAction> = new Set(['up', 'start']);
const SHOW_LOGS: ReadonlySet<LocalAction> = new Set(['logs', 'tail', 'tailall']);

async function start(input: Input, folder: string, context: SubcommandContext): Promise<{ changed: readonly number[]; created: boolean }> {
  const [{ localStatus, startLocal }, { LocalTrust }] = await Promise.all([import('../src/local/local-cluster.js'), import('../src/cli/connection/local-trust.js')]);
  const { masters, replicas, port, server } = input.options;
  const trust = new LocalTrust(folder, context);
  const known = await localStatus(folder);
  if (server === undefined && known?.nodes.some(({ running }) => !running) === true) await trust.confirm(known.state); // Before the progress line, because it may ask.
  const progress = await context.io.progress('Starting local nodes', { unit: 'nodes' });
  try {
    const { started, state, resumed } = await startLocal({ folder, masters, replicas, port, server, signal: context.signal, confirm: trust.confirm, onTrusted: trust.remember });
    progress.succeed(started.length === 0 ? 'All nodes are running already' : `Started ${started.length} ${started.length === 1 ? 'node' : 'nodes'} (${started.length === 1 ? 'port' : 'ports'} ${started.join(', ')})${resumed ? ', with their data' : ''}`);
    if (input.args.action !== 'up') return { changed: started, created: false };
    const { joinLocal } = await import('../src/cli/connection/join-local.js');
    return { changed: started, created: await joinLocal(state, context) };
  } catch (error) {
    progress.stop();
    throw (await import('../src/cli/program/interruption.js')).interruptedOr(error, context.signal, 'nodes may be running without being a cluster yet', `to see which run: redis-trib local status; to continue: redis-trib local ${input.args.action}`);
  }
}

/** The error, with advice for this folder. */
async function explain(error: unknown, input: Input, folder: string, cwd: string): Promise<unknown> {
  const [{ localFailure }, { readState }] = await Promise.all([import('../src/cli/output/local-advice.js'), import('../src/local/state.js')]);
  const state = input.options.server === undefined && error instanceof TribError && error.code !== 'BAD_STATE' ? readState(folder) : undefined;
  return localFailure(error, folder, cwd, state);
}

async function act(input: Input, folder: string, context: SubcommandContext): Promise<{ changed: readonly number[]; created: boolean }> {
  const { action } = input.args;
  const local = await import('../src/local/local-cluster.js');
  if (STARTS.has(action)) return start(input, folder, context);
  const { state, nodes } = await local.requireLocal(folder);
  if (action === 'create') return create(state, nodes, context);
  if (action === 'stop' || action === 'restart') {
    const doubtful = nodes.filter((node) => node.running && node.started === undefined);
    if (doubtful.length > 0) await context.confirm(`The record of the nodes is of an earlier version and may refer to other processes. End the processes ${doubtful.map(({ pid, port }) => `${pid} (port ${port})`).join(', ')}? (type 'yes' to accept):`);
    const changed = await local.stopLocal(folder, { signal: context.signal });
    return action === 'stop' ? { changed, created: false } : start(input, folder, context);
  }
  if (action === 'clean') {
    await context.confirm(`Stop the nodes and delete all their files in ${folder}? (type 'yes' to accept):`);
    await local.cleanLocal(folder, context.signal);
  } else if (action === 'clean-logs') (await import('../src/local/state.js')).emptyLogs(folder, state);
  return { changed: action === 'clean' || action === 'clean-logs' ? nodes.map((node) => node.port) : [], created: false };
}

/** Joins nodes that `start` has started. */
async function create(state: LocalState, nodes: readonly NodeStatus[], context: SubcommandContext): Promise<{ changed: readonly number[]; created: boolean }> {
  const stopped = nodes.filter((node) => !node.running).map((node) => node.port);
  if (stopped.length > 0) throw new TribError('NOT_RUNNING', `the nodes on ports ${stopped.join(', ')} are not running`, { hint: 'redis-trib local start' });
  const { joinLocal } = await import('../src/cli/connection/join-local.js');
  return { changed: [], created: await joinLocal(state, context) };
}

/** Ports whose nodes the action would start or stop. */
async function wouldChange(input: Input, folder: string): Promise<number[]> {
  const { action } = input.args;
  const nodes = await nodeReports(folder);
  const { plannedPorts, requireStartable } = await import('../src/local/local-cluster.js');
  if (STARTS.has(action)) requireStartable({ folder, ...input.options });
  else if (action === 'stop') return nodes.filter((node) => node.running).map((node) => node.port);
  else return ['clean', 'clean-logs', 'restart'].includes(action) ? nodes.map((node) => node.port) : [];
  if (nodes.length > 0) return nodes.filter((node) => !node.running).map((node) => node.port);
  return plannedPorts({ folder, ...input.options });
}

async function askAll(input: Input, folder: string, signal: AbortSignal): Promise<LocalReport['answers']> {
  if (input.args.action !== 'call') return [];
  const [{ requireLocal }, { askNode }] = await Promise.all([import('../src/local/local-cluster.js'), import('../src/local/ask-node.js')]);
  const { state, nodes } = await requireLocal(folder);
  return Promise.all(nodes.map(({ port }) => askNode(state.host, port, input.args.words, signal)));
}

async function readLogs(input: Input, folder: string): Promise<LocalReport['logs']> {
  const { action, node: given } = input.args;
  if (!SHOW_LOGS.has(action)) return [];
  const [{ requireLocal }, { logFile }, { lastLines }] = await Promise.all([import('../src/local/local-cluster.js'), import('../src/local/state.js'), import('../src/local/node-process.js')]);
  const { nodes } = await requireLocal(folder);
  const wanted = nodes.filter((node, index) => given === undefined || node.port === given || (action === 'tail' && index + 1 === given));
  if (wanted.length === 0) throw usageError(`there is no local node on port ${given ?? ''}`, `nodes: ${nodes.map((node) => node.port).join(', ')}`);
  return wanted.map((node) => ({ port: node.port, lines: lastLines(logFile(folder, node.port), input.options.lines) }));
}

async function follow(report: LocalReport, context: SubcommandContext): Promise<void> {
  const [{ followFiles }, { logFile }] = await Promise.all([import('../src/local/follow.js'), import('../src/local/state.js')]);
  const files = new Map(report.logs.map(({ port }) => [logFile(report.folder, port), port]));
  await followFiles([...files.keys()], context.signal, (path, line) => context.io.out(`${files.get(path) ?? ''} | ${line}`));
}

export default defineCommand({
  args,
  options,
  mutates: true,
  description: [
    'up          start the nodes (or those that stopped) and join them into a cluster',
    'start       start the nodes only',
    'create      join started nodes into a cluster',
    'status      show which nodes run',
    'watch       show CLUSTER NODES of the first node every second',
    'call        send COMMAND to all nodes; options of it come after --',
    'logs        show the logs of the nodes, of one PORT or all; -f follows them',
    'tail        follow the log of one node, by its PORT or number',
    'tailall     follow the logs of all nodes',
    'restart     stop the nodes and start them again',
    'stop        stop the nodes, keep their files',
    'clean-logs  empty the logs',
    'clean       stop the nodes and delete their files',
  ].join('\n'),
  examples: [
    'redis-trib local up',
    'redis-trib local up --masters 5 --replicas 0',
    'redis-trib local up --masters 3 --replicas 1 --server redis-server --port 7000',
    'redis-trib local logs 30001 -f',
    'redis-trib local call config get maxmemory',
    'redis-trib local stop',
  ],
  async run(input, context): Promise<LocalReport> {
    const { LOCAL_FOLDER } = await import('../src/local/state.js');
    const folder = resolve(context.cwd, input.options.dir ?? LOCAL_FOLDER);
    const { action } = input.args;
    const { dryRun } = input.options;
    const explained = async (error: unknown): Promise<never> => {
      throw await explain(error, input, folder, context.cwd);
    };
    if (dryRun) return { action, folder, nodes: await nodeReports(folder), changed: await wouldChange(input, folder).catch(explained), created: false, logs: [], answers: [], dryRun };
    const { changed, created } = await act(input, folder, context).catch(explained);
    const [logs, answers] = [await readLogs(input, folder).catch(explained), await askAll(input, folder, context.signal)];
    const report = { action, folder, nodes: await nodeReports(folder), changed, created, logs, answers, dryRun };
    if (action === 'watch' && context.io.mode !== 'json') await (await import('../src/cli/output/local-watch.js')).watchLocal(report, context);
    if ((input.options.follow && action === 'logs') || action === 'tail' || action === 'tailall') {
      await renderLocal(report, context);
      await follow(report, context);
      return { ...report, logs: [] };
    }
    return report;
  },
  render: renderLocal,
  async toJson({ answers, ...report }) {
    const { jsonReply } = await import('../src/ui/views/raw-reply.js');
    const replies = answers.map(({ port, reply, failure }) => ({ port, ...(failure === undefined ? jsonReply(reply ?? null) : { error: failure }) }));
    return report.action === 'call' ? { ...report, answers: replies } : report;
  },
  exitCode: ({ action, nodes, answers }) => ((action === 'status' && nodes.some((node) => !node.running)) || answers.some(({ reply, failure }) => failure !== undefined || reply instanceof Error) ? 1 : 0),
});
