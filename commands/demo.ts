// redis-trib demo: creates a cluster, reshards it, and fails a master over, all under load and in less than a minute. Its
// nodes run in a temporary folder. They are stopped and deleted at the end, also after an error.
import { none } from '../src/cli/program/arguments.js';
import type { ConsistencyOutcome } from '../src/consistency/run.js';
import { defineCommand, type SubcommandContext } from '../src/cli/program/define.js';
import { integer, text } from '../src/cli/options/options.js';
import type { ApplyStats } from '../src/apply/node/event.js';
import type { Cluster } from '../src/apply/open-cluster.js';
import type { FailedOver } from '../src/cli/connection/failover-load.js';
import type { LocalState } from '../src/local/state.js';
import { TribError } from '../src/errors.js';
import type { ReshardPlan } from '../src/plan/reshard.js';

interface Shown {
  readonly nodes: number;
  readonly keys: number;
  readonly present: number;
  readonly moved: ApplyStats;
  readonly consistency: ConsistencyOutcome;
  /** Absent without replicas. */
  readonly failover?: FailedOver;
  readonly healthy: boolean;
  readonly seconds: number;
}

interface DemoOptions {
  readonly masters: number;
  readonly replicas: number;
  readonly keys: number;
  readonly slots: number;
  readonly server: string | undefined;
}

const VALUE = 'x'.repeat(64);
const FIRST_PORT = 30_101;
/** Milliseconds of load before and after the reshard, for comparison. */
const BASELINE_MS = 1000;
/** Milliseconds to wait for a reply when the counters are read back. */
const READ_BACK_MS = 5000;

/** Runs `work` on new nodes. Afterwards stops them and deletes their files; when this process exits early, it kills them. */
async function withNodes<T>(requested: DemoOptions, context: SubcommandContext, work: (state: LocalState, restart: () => Promise<unknown>) => Promise<T>): Promise<T> {
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
    const { masters, replicas, server } = requested;
    const port = await findFreeRun('127.0.0.1', FIRST_PORT, masters * (1 + replicas));
    const start = (): ReturnType<typeof startLocal> => startLocal({ folder, masters, replicas, port, server, signal: context.signal, onStarted: (pid) => pids.push(pid) });
    const { state } = await start();
    return await work(state, start);
  } finally {
    if (readState(folder) !== undefined) await stopLocal(folder, { force: true });
    process.off('exit', atExit);
    await rm(folder, { recursive: true, force: true });
  }
}

/** Whether all writes are confirmed. */
function allConfirmed({ lost, writes, unverified }: ConsistencyOutcome): boolean {
  return lost === 0 && writes > 0 && unverified.length === 0;
}

function failoverText({ killed, promoted, consistency }: FailedOver, count: (n: number) => string): string {
  const { writes, lost, readOutageMs, writeOutageMs } = consistency;
  return `killed the master ${killed}: ${promoted} took over, its slots were not served for ${(Math.max(readOutageMs, writeOutageMs) / 1000).toFixed(1)} s; of ${count(writes)} writes that a replica had confirmed, ${lost} were lost`;
}

/** Shows one part of the work, with the seconds it took. */
async function part<T>(context: SubcommandContext, title: string, done: (result: T) => string, work: () => Promise<T>): Promise<T> {
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

async function reshardUnderLoad(cluster: Cluster, plan: ReshardPlan, context: SubcommandContext): Promise<{ moved: ApplyStats; consistency: ConsistencyOutcome }> {
  const [{ ClusterClient }, { startableRun }, { showMoving }, { setTimeout: wait }] = await Promise.all([
    import('../src/client/cluster-client.js'),
    import('../src/consistency/counters.js'),
    import('../src/ui/moving.js'),
    import('node:timers/promises'),
  ]);
  const { connectHost: host, connectPort: port } = cluster.view.entry;
  await using client = await ClusterClient.connect([{ host, port }]);
  const run = startableRun(client, { workingSet: 1000, clients: 8, rate: 2000, prefix: '', patienceMs: READ_BACK_MS });
  const finished = run.run();
  try {
    await wait(BASELINE_MS, undefined, { signal: context.signal });
    const display = await showMoving(context.io, plan.moved, false);
    const moved = await cluster.apply(plan, { signal: context.signal, onEvent: display.onEvent }).finally(() => display.failed());
    display.done(moved);
    await wait(BASELINE_MS, undefined, { signal: context.signal });
    run.stop();
    return { moved, consistency: await finished };
  } finally {
    run.stop();
    await finished;
  }
}

function failOver(cluster: Cluster, state: LocalState, restart: () => Promise<unknown>, context: SubcommandContext): Promise<FailedOver> {
  const done = ({ killed, promoted, ms }: FailedOver): string => `Killed ${killed} under load: ${promoted} took over in ${(ms / 1000).toFixed(1)} s, the killed node is its replica now`;
  return part(context, 'Killing a master under load', done, async () => {
    const { failOverUnderLoad } = await import('../src/cli/connection/failover-load.js');
    await cluster.refresh();
    return failOverUnderLoad(cluster, state, restart, context.signal);
  });
}

async function show(state: LocalState, restart: () => Promise<unknown>, requested: DemoOptions, context: SubcommandContext): Promise<Omit<Shown, 'seconds'>> {
  const [{ joinLocal }, { openCluster }, { planReshard }, { eachSlot }, samples] = await Promise.all([
    import('../src/cli/connection/join-local.js'),
    import('../src/apply/open-cluster.js'),
    import('../src/plan/reshard.js'),
    import('../src/plan/step.js'),
    import('../src/cli/output/sample-keys.js'),
  ]);
  await joinLocal(state, context);
  const addresses = state.nodes.map(({ port }) => ({ host: state.host, port }));
  await using cluster = await openCluster(addresses);
  const last = cluster.view.masters.at(-1);
  if (last === undefined) throw new TribError('EMPTY_VIEW', 'the demo cluster has no masters');
  const plan = planReshard(cluster.view, { amount: { count: requested.slots }, from: 'all', to: [last.id] });
  const keys = samples.sampleKeys(plan.steps.flatMap((step) => [...eachSlot(step.slots)]), requested.keys);
  await part(context, `Loading ${keys.length} keys into the ${plan.moved} slots that will move`, (count) => `Loaded ${count} keys into the ${plan.moved} slots that will move`, () => samples.loadKeys(cluster, keys, VALUE));
  const { moved, consistency } = await reshardUnderLoad(cluster, plan, context);
  const failover = requested.replicas === 0 ? undefined : await failOver(cluster, state, restart, context);
  const checked = await part(context, 'Checking the cluster and every key', ({ present }) => `Checked the cluster and found ${present} of ${keys.length} keys`, async () => {
    await cluster.refresh();
    const report = await cluster.check();
    return { healthy: report.ok, present: await samples.countPresent(cluster, keys) };
  });
  return { nodes: addresses.length, keys: keys.length, moved, consistency, ...(failover === undefined ? {} : { failover }), ...checked };
}

export default defineCommand({
  args: none,
  options: {
    keys: integer('N', 'number of keys in the slots that move', { min: 1, max: 10_000_000, fallback: 40_000 }),
    slots: integer('N', 'slots to move', { min: 1, max: 10_000, fallback: 1000 }),
    masters: integer('N', 'how many masters', { min: 2, max: 50, fallback: 3 }),
    replicas: integer('N', 'how many replicas each master gets; without any there is no failover', { min: 0, max: 3, fallback: 1 }),
    server: text('PATH', 'run this redis-server or valkey-server instead of the bundled node'),
  },
  description: 'Starts nodes of its own on free ports, joins them, loads keys, moves slots while counters are written and read back, and kills a master so that its replica takes over. Stops everything at the end.',
  examples: ['redis-trib demo', 'redis-trib demo --server redis-server --keys 1000000'],
  async run({ options }, context): Promise<Shown> {
    const started = performance.now();
    context.io.note(`Starting ${options.masters * (1 + options.replicas)} nodes…`);
    const shown = await withNodes(options, context, (state, restart) => show(state, restart, options, context));
    return { ...shown, seconds: Math.round(performance.now() - started) / 1000 };
  },
  async render(result, { io }) {
    const { formatCount } = await import('../src/ui/views/check-table.js');
    const { movedText } = await import('../src/ui/moving.js');
    const { consistency, failover, moved, present, keys, nodes, healthy, seconds } = result;
    const mark = (ok: boolean): string => (ok ? io.style.good('✔') : io.style.bad('✖'));
    const errors = consistency.readErrors + consistency.writeErrors;
    io.out(
      [
        io.style.strong(`What happened, in ${seconds.toFixed(1)} s:`),
        `${mark(true)} ${nodes} nodes started and formed a cluster`,
        `${mark(true)} moved ${movedText(moved)}`,
        `${mark(allConfirmed(consistency))} meanwhile ${formatCount(consistency.reads)} reads and ${formatCount(consistency.writes)} writes: ${errors} errors, ${consistency.lost} lost writes${consistency.unverified.length > 0 ? `, ${consistency.unverified.length} counters could not be read back` : ''}`,
        ...(failover === undefined ? [] : [`${mark(allConfirmed(failover.consistency))} ${failoverText(failover, formatCount)}`]),
        `${mark(present === keys)} ${formatCount(present)} of ${formatCount(keys)} keys are where they belong`,
        `${mark(healthy)} check: ${healthy ? 'all 16384 slots covered, all nodes agree' : 'the cluster is not healthy'}`,
        'All nodes are stopped, nothing is left.',
      ].join('\n'),
    );
  },
  exitCode: ({ consistency, failover, present, keys, healthy }) => (allConfirmed(consistency) && (failover === undefined || allConfirmed(failover.consistency)) && present === keys && healthy ? 0 : 1),
});
