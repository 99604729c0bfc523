// redis-trib demo: from nothing to a reshard under load in less than a minute. Nodes of its own in a temporary folder,
// gone at the end whatever happens.
import { none } from '../src/cli/arguments.js';
import type { Outcome } from '../src/cli/consistency.js';
import { defineCommand, type CommandContext } from '../src/cli/define.js';
import { integer, text } from '../src/cli/options.js';
import type { ApplyStats } from '../src/apply/event.js';
import type { Cluster } from '../src/apply/open-cluster.js';
import type { LocalState } from '../src/local/state.js';
import { TribError } from '../src/errors.js';
import type { ReshardPlan } from '../src/plan/reshard.js';

interface Shown {
  readonly nodes: number;
  readonly keys: number;
  readonly present: number;
  readonly moved: ApplyStats;
  readonly consistency: Outcome;
  readonly healthy: boolean;
  readonly seconds: number;
}

interface Wishes {
  readonly masters: number;
  readonly keys: number;
  readonly slots: number;
  readonly server: string | undefined;
}

const VALUE = 'x'.repeat(64);
const FIRST_PORT = 30_101;
/** Load before and after the reshard, so that its effect would show. */
const CALM_MS = 1000;
/** How long a node may be silent when its counters are read back. */
const PATIENCE_MS = 5000;

/** Runs `work` on fresh nodes; they are stopped and their files removed whatever happens, even when we are told to leave at once. */
async function withNodes<T>(wishes: Wishes, context: CommandContext, work: (state: LocalState) => Promise<T>): Promise<T> {
  const [{ mkdtemp, rm }, { tmpdir }, { join }] = await Promise.all([import('node:fs/promises'), import('node:os'), import('node:path')]);
  const [{ startLocal, stopLocal }, { findFreeRun }, { killNow }, { readState }] = await Promise.all([
    import('../src/local/local-cluster.js'),
    import('../src/local/ports.js'),
    import('../src/local/node-process.js'),
    import('../src/local/state.js'),
  ]);
  const folder = await mkdtemp(join(tmpdir(), 'redis-trib-demo-'));
  const pids: number[] = [];
  const atExit = (): void => killNow(pids);
  process.once('exit', atExit);
  try {
    const port = await findFreeRun('127.0.0.1', FIRST_PORT, wishes.masters);
    const { masters, server } = wishes;
    const { state } = await startLocal({ folder, masters, replicas: 0, port, server, signal: context.signal, onStarted: (pid) => pids.push(pid) });
    return await work(state);
  } finally {
    if (readState(folder) !== undefined) await stopLocal(folder);
    process.off('exit', atExit);
    await rm(folder, { recursive: true, force: true });
  }
}

/** Whether what was written is known to be there. */
function kept({ lost, writes, unverified }: Outcome): boolean {
  return lost === 0 && writes > 0 && unverified.length === 0;
}

/** Shows one part of the work, with the seconds it took. */
async function part<T>(context: CommandContext, title: string, done: (result: T) => string, work: () => Promise<T>): Promise<T> {
  context.signal.throwIfAborted();
  const started = performance.now();
  const progress = await context.io.progress(title, { unit: '' });
  try {
    const result = await work();
    progress.succeed(`${done(result)} (${((performance.now() - started) / 1000).toFixed(1)} s)`);
    return result;
  } catch (error) {
    progress.stop();
    throw error;
  }
}

async function reshardUnderLoad(cluster: Cluster, plan: ReshardPlan, context: CommandContext): Promise<{ moved: ApplyStats; consistency: Outcome }> {
  const [{ ClusterClient }, { startableRun }, { showMoving }, { setTimeout: wait }] = await Promise.all([
    import('../src/client/cluster-client.js'),
    import('../src/cli/counters.js'),
    import('../src/ui/moving.js'),
    import('node:timers/promises'),
  ]);
  const { connectHost: host, connectPort: port } = cluster.view.entry;
  await using client = await ClusterClient.connect([{ host, port }]);
  const run = startableRun(client, { workingSet: 1000, clients: 8, rate: 2000, prefix: '', patienceMs: PATIENCE_MS });
  const finished = run.run();
  try {
    await wait(CALM_MS, undefined, { signal: context.signal });
    const display = await showMoving(context.io, plan.moved, false);
    const moved = await cluster.apply(plan, { signal: context.signal, onEvent: display.onEvent }).finally(() => display.failed());
    display.done(moved);
    await wait(CALM_MS, undefined, { signal: context.signal });
    run.stop();
    return { moved, consistency: await finished };
  } finally {
    run.stop();
    await finished;
  }
}

async function show(state: LocalState, wishes: Wishes, context: CommandContext): Promise<Omit<Shown, 'seconds'>> {
  const [{ joinLocal }, { openCluster }, { planReshard }, { eachSlot }, samples] = await Promise.all([
    import('../src/cli/join-local.js'),
    import('../src/apply/open-cluster.js'),
    import('../src/plan/reshard.js'),
    import('../src/plan/step.js'),
    import('../src/cli/sample-keys.js'),
  ]);
  await joinLocal(state, context);
  const addresses = state.nodes.map(({ port }) => ({ host: state.host, port }));
  await using cluster = await openCluster(addresses);
  const last = cluster.view.masters.at(-1);
  if (last === undefined) throw new TribError('EMPTY_VIEW', 'the demo cluster has no masters');
  const plan = planReshard(cluster.view, { wish: { count: wishes.slots }, from: 'all', to: [last.id] });
  const keys = samples.sampleKeys(plan.steps.flatMap((step) => [...eachSlot(step.slots)]), wishes.keys);
  await part(context, `Loading ${keys.length} keys into the ${plan.moved} slots that will move`, (count) => `Loaded ${count} keys into the ${plan.moved} slots that will move`, () => samples.loadKeys(cluster, keys, VALUE));
  const { moved, consistency } = await reshardUnderLoad(cluster, plan, context);
  const checked = await part(context, 'Checking the cluster and every key', ({ present }) => `Checked the cluster and found ${present} of ${keys.length} keys`, async () => {
    await cluster.refresh();
    const report = await cluster.check();
    return { healthy: report.ok, present: await samples.countPresent(cluster, keys) };
  });
  return { nodes: addresses.length, keys: keys.length, moved, consistency, ...checked };
}

export default defineCommand({
  args: none,
  options: {
    keys: integer('N', 'keys in the slots that move', { min: 1, max: 10_000_000, fallback: 100_000 }),
    slots: integer('N', 'slots to move', { min: 1, max: 10_000, fallback: 1000 }),
    masters: integer('N', 'how many nodes', { min: 2, max: 50, fallback: 3 }),
    server: text('PATH', 'run this redis-server or valkey-server instead of the bundled node'),
  },
  description: 'Starts nodes of its own on free ports, joins them, loads keys, and moves slots while counters are written and read back. Stops everything at the end.',
  examples: ['redis-trib demo', 'redis-trib demo --server redis-server --keys 1000000'],
  async run({ options }, context): Promise<Shown> {
    const started = performance.now();
    context.io.note(`Starting ${options.masters} nodes…`);
    const shown = await withNodes(options, context, (state) => show(state, options, context));
    return { ...shown, seconds: Math.round(performance.now() - started) / 1000 };
  },
  async render(result, { io }) {
    const { formatCount } = await import('../src/ui/views/check-table.js');
    const { movedText } = await import('../src/ui/moving.js');
    const { consistency, moved, present, keys, nodes, healthy, seconds } = result;
    const mark = (ok: boolean): string => (ok ? io.style.good('✔') : io.style.bad('✖'));
    const errors = consistency.readErrors + consistency.writeErrors;
    io.out(
      [
        io.style.strong(`What happened, in ${seconds.toFixed(1)} s:`),
        `${mark(true)} ${nodes} nodes came up and became a cluster`,
        `${mark(true)} moved ${movedText(moved)}`,
        `${mark(kept(consistency))} meanwhile ${formatCount(consistency.reads)} reads and ${formatCount(consistency.writes)} writes: ${errors} errors, ${consistency.lost} lost writes${consistency.unverified.length > 0 ? `, ${consistency.unverified.length} counters could not be read back` : ''}`,
        `${mark(present === keys)} ${formatCount(present)} of ${formatCount(keys)} keys are where they belong`,
        `${mark(healthy)} check: ${healthy ? 'all 16384 slots covered, all nodes agree' : 'the cluster is not healthy'}`,
        'All nodes are stopped, nothing is left.',
      ].join('\n'),
    );
  },
  exitCode: ({ consistency, present, keys, healthy }) => (kept(consistency) && present === keys && healthy ? 0 : 1),
});
