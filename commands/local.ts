// redis-trib local: nodes on this machine in one place: up, start, status, logs, stop, clean. The work is in src/local/;
// joining the nodes into a cluster is the same as create's.
import { resolve } from 'node:path';
import { wrongNumber } from '../src/cli/arguments.js';
import { defineCommand, type Arguments, type CommandContext } from '../src/cli/define.js';
import { flag, integer, text, usageError, type OptionValues } from '../src/cli/options.js';
import { TribError } from '../src/errors.js';

const ACTIONS = ['up', 'start', 'status', 'logs', 'stop', 'clean'] as const;
type Action = (typeof ACTIONS)[number];

const USAGE = `${ACTIONS.join('|')} [PORT]`;

const args: Arguments<{ readonly action: Action; readonly port: number | undefined }> = {
  usage: USAGE,
  parse(words) {
    const [word, port, more] = words;
    if (word === undefined || more !== undefined) throw wrongNumber(`local ${USAGE}`);
    const action = ACTIONS.find((name) => name === word.toLowerCase());
    if (action === undefined) throw usageError(`unknown action of local: ${word}`, `one of ${ACTIONS.join(', ')}`);
    if (port !== undefined && (action !== 'logs' || !/^\d+$/.test(port))) throw usageError(`unexpected argument: ${port}`);
    return { action, port: port === undefined ? undefined : Number(port) };
  },
};

const options = {
  masters: integer('N', 'how many masters', { min: 1, max: 1000, fallback: 3 }),
  replicas: integer('N', 'how many replicas each master gets', { min: 0, max: 10, fallback: 0 }),
  port: integer('PORT', 'port of the first node, the others follow', { min: 1, max: 55_535, fallback: 30_001 }),
  dir: text('DIR', 'where nodes keep their files (default ./redis-trib-local)'),
  server: text('PATH', 'run this redis-server or valkey-server instead of the bundled node'),
  follow: flag('logs: go on as lines come', { short: 'f' }),
  lines: integer('N', 'logs: how many lines of each node', { short: 'n', min: 0, fallback: 20 }),
} as const;

export interface LocalNodeReport {
  readonly port: number;
  readonly address: string;
  readonly pid: number;
  readonly running: boolean;
}

interface LocalReport {
  readonly action: Action;
  readonly folder: string;
  readonly nodes: readonly LocalNodeReport[];
  /** Ports this call started or stopped; with `clean` all whose files it removed. */
  readonly changed: readonly number[];
  /** `up`: whether the cluster was made now. */
  readonly created: boolean;
  readonly logs: readonly { readonly port: number; readonly lines: readonly string[] }[];
  readonly dryRun: boolean;
}

type Input = { readonly args: ReturnType<typeof args.parse>; readonly options: OptionValues<typeof options> & { readonly dryRun: boolean } };

/** What is there now, for the report. */
async function look(folder: string): Promise<readonly LocalNodeReport[]> {
  const { localStatus } = await import('../src/local/local-cluster.js');
  const found = await localStatus(folder);
  return (found?.nodes ?? []).map((node) => ({ ...node, address: `${found?.state.host ?? ''}:${node.port}` }));
}

async function start(input: Input, folder: string, context: CommandContext): Promise<{ changed: readonly number[]; created: boolean }> {
  const { startLocal } = await import('../src/local/local-cluster.js');
  const { masters, replicas, port, server } = input.options;
  const progress = await context.io.progress('Starting local nodes', { unit: 'nodes' });
  try {
    const { started, state, resumed } = await startLocal({ folder, masters, replicas, port, server, signal: context.signal });
    progress.succeed(started.length === 0 ? 'All nodes are running already' : `Started ${started.length} nodes (ports ${started.join(', ')})${resumed ? ', as they were before' : ''}`);
    if (input.args.action === 'start') return { changed: started, created: false };
    const { joinLocal } = await import('../src/cli/join-local.js');
    return { changed: started, created: await joinLocal(state, context) };
  } catch (error) {
    progress.stop();
    throw (await import('../src/cli/interruption.js')).interruptedOr(error, context.signal, 'nodes may be running, and not be a cluster yet', `redis-trib local status shows which run; redis-trib local ${input.args.action} goes on`);
  }
}

/** What failed, with advice for this folder. */
async function explain(error: unknown, input: Input, folder: string, cwd: string): Promise<unknown> {
  const [{ localFailure }, { readState }] = await Promise.all([import('../src/cli/local-advice.js'), import('../src/local/state.js')]);
  const state = input.options.server === undefined && error instanceof TribError && error.code !== 'BAD_STATE' ? readState(folder) : undefined;
  return localFailure(error, folder, cwd, state);
}

async function act(input: Input, folder: string, context: CommandContext): Promise<{ changed: readonly number[]; created: boolean }> {
  const { action } = input.args;
  const local = await import('../src/local/local-cluster.js');
  if (action === 'up' || action === 'start') return start(input, folder, context);
  const { nodes } = await local.requireLocal(folder);
  if (action === 'stop') return { changed: await local.stopLocal(folder, context.signal), created: false };
  if (action === 'clean') {
    await context.confirm(`Stop the nodes and delete all they keep in ${folder}? (type 'yes' to accept):`);
    await local.cleanLocal(folder, context.signal);
    return { changed: nodes.map((node) => node.port), created: false };
  }
  return { changed: [], created: false };
}

/** Ports whose nodes the action would start or stop. */
async function wouldChange(input: Input, folder: string): Promise<number[]> {
  const { action } = input.args;
  const { masters, replicas, port } = input.options;
  const nodes = await look(folder);
  if (action === 'up' || action === 'start') (await import('../src/local/local-cluster.js')).requireStartable({ folder, ...input.options });
  if (action === 'status' || action === 'logs') return [];
  if (action === 'stop') return nodes.filter((node) => node.running).map((node) => node.port);
  if (action === 'clean') return nodes.map((node) => node.port);
  if (nodes.length > 0) return nodes.filter((node) => !node.running).map((node) => node.port);
  return Array.from({ length: masters * (1 + replicas) }, (_, index) => port + index);
}

async function readLogs(input: Input, folder: string): Promise<LocalReport['logs']> {
  if (input.args.action !== 'logs') return [];
  const [{ requireLocal }, { logFile }, { lastLines }] = await Promise.all([import('../src/local/local-cluster.js'), import('../src/local/state.js'), import('../src/local/node-process.js')]);
  const { nodes } = await requireLocal(folder);
  const wanted = nodes.filter((node) => input.args.port === undefined || node.port === input.args.port);
  if (wanted.length === 0) throw usageError(`there is no local node on port ${input.args.port ?? ''}`, `nodes: ${nodes.map((node) => node.port).join(', ')}`);
  return wanted.map((node) => ({ port: node.port, lines: lastLines(logFile(folder, node.port), input.options.lines) }));
}

async function follow(report: LocalReport, context: CommandContext): Promise<void> {
  const [{ followFiles }, { logFile }] = await Promise.all([import('../src/local/follow.js'), import('../src/local/state.js')]);
  const files = new Map(report.logs.map(({ port }) => [logFile(report.folder, port), port]));
  await followFiles([...files.keys()], context.signal, (path, line) => context.io.out(`${files.get(path) ?? ''} | ${line}`));
}

async function render(report: LocalReport, { io, cwd }: CommandContext): Promise<void> {
  if (report.dryRun) return io.out(`${report.action} would change the nodes on ports: ${report.changed.join(', ') || 'none'} (in ${report.folder})`);
  for (const { port, lines } of report.logs) for (const line of lines) io.out(`${port} | ${line}`);
  if (report.action === 'logs') return;
  if (report.action === 'stop') io.out(report.changed.length === 0 ? 'No node was running.' : `Stopped the nodes on ports ${report.changed.join(', ')}.`);
  else if (report.action === 'clean') io.out(`Removed the local nodes of ${report.folder}.`);
  else if (io.mode === 'plain') for (const node of report.nodes) io.out(`${node.address} ${node.running ? `running ${node.pid}` : 'stopped'}`);
  else {
    const { drawTable } = await import('../src/ui/table.js');
    const rows = report.nodes.map((node) => [node.address, node.running ? io.style.good('running') : io.style.bad('stopped'), node.running ? String(node.pid) : '']);
    io.out(await drawTable(io.style, [{ title: 'node' }, { title: 'state' }, { title: 'pid', align: 'right' }], rows));
  }
  const [first] = report.nodes;
  if (report.action === 'up' && first !== undefined) {
    const { withFolder } = await import('../src/cli/local-advice.js');
    io.note(`\nThe cluster is up. It goes on running without this shell; '${withFolder('redis-trib local stop', report.folder, cwd)}' ends it.\n  redis-trib check ${first.address}\n  redis-cli -c -p ${first.port}`);
  }
}

export default defineCommand({
  args,
  options,
  mutates: true,
  description: [
    'up      start the nodes (or those that stopped) and join them into a cluster; replicas need --server',
    'start   start the nodes only',
    'status  which nodes run',
    'logs    what the nodes wrote, of one PORT or all; -f goes on',
    'stop    stop the nodes, keep their files',
    'clean   stop the nodes and delete their files',
  ].join('\n'),
  examples: [
    'redis-trib local up',
    'redis-trib local up --masters 3 --replicas 1 --server redis-server --port 7000',
    'redis-trib local logs 30001 -f',
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
    if (dryRun) return { action, folder, nodes: await look(folder), changed: await wouldChange(input, folder).catch(explained), created: false, logs: [], dryRun };
    const { changed, created } = await act(input, folder, context).catch(explained);
    const report = { action, folder, nodes: await look(folder), changed, created, logs: await readLogs(input, folder).catch(explained), dryRun };
    if (input.options.follow && action === 'logs') {
      await render(report, context);
      await follow(report, context);
      return { ...report, logs: [] };
    }
    return report;
  },
  render,
  exitCode: (report) => (report.action === 'status' && report.nodes.some((node) => !node.running) ? 1 : 0),
});
