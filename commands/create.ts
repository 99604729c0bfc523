// redis-trib create: inspect the nodes, plan, show, confirm, empty them on request, join, check. Polls for agreement instead of
// sleeping.
import { addresses } from '../src/cli/program/arguments.js';
import { countKeys } from '../src/cli/connection/open.js';
import { defineCommand, type SubcommandContext } from '../src/cli/program/define.js';
import { flag, integer, list } from '../src/cli/options/options.js';
import type { NewCluster } from '../src/apply/steps/create.js';
import type { CheckReport } from '../src/cluster/findings.js';
import type { ClusterView } from '../src/cluster/view.js';
import type { CandidateNode, CreatePlan } from '../src/plan/create.js';
import type { Step } from '../src/plan/step.js';
import type { EmptyingPlan } from '../src/plan/emptying.js';
import type { KeyCounts } from '../src/ui/views/cluster-lines.js';

interface Created {
  readonly plan: CreatePlan;
  /** With --reset: what is deleted. */
  readonly emptying: EmptyingPlan | undefined;
  readonly applied: boolean;
  /** The new cluster; `serving`: whether all nodes serve, if the command waited for it. */
  readonly result: { readonly serving: boolean | undefined; readonly view: ClusterView; readonly keys: KeyCounts; readonly report: CheckReport } | undefined;
}

const NOT_SERVING = 'The cluster is created, but not all of its nodes serve yet (cluster_state:ok, replicas in sync). Clients may get CLUSTERDOWN: see redis-trib nodes and check.';

async function show(plan: CreatePlan, { io }: SubcommandContext): Promise<void> {
  if (io.mode === 'json') return;
  const { createPlanLines, createPlanTable } = await import('../src/ui/views/create-lines.js');
  io.out(io.mode === 'plain' ? createPlanLines(plan, io.lines).join('\n') : await createPlanTable(io, plan));
}

/** What is done and how to continue, after an interruption at a step of this kind; undefined: all steps are done. */
function interruptedState({ nodes }: CreatePlan, kind: Step['kind'] | undefined): readonly [done: string, hint: string] {
  const first = nodes[0]?.name ?? '';
  if (kind === undefined) return ['the cluster is created, but not all nodes serve yet', `to see its state: redis-trib check ${first}`];
  if (kind !== 'replicate') return ['some nodes are joined, and some have slots', 'run the same command with --reset to start again; it first shows what the nodes hold'];
  const replicas = nodes.flatMap(({ name, masterId }) => (masterId === null ? [] : [`redis-trib replicate ${name} --master ${masterId} --yes`]));
  return ['the masters are joined and have their slots, but some replicas do not follow them yet', `to see which do: redis-trib nodes ${first}; for the others: ${replicas.join('; ')}`];
}

async function join(nodes: NewCluster, plan: CreatePlan, timeoutMs: number, wait: boolean, context: SubcommandContext): Promise<Created['result']> {
  const { showJoining } = await import('../src/ui/joining.js');
  const display = await showJoining(context.io, plan.nodes.length);
  let at: Step['kind'] | undefined = 'add-slots';
  const onEvent: typeof display.onEvent = (event) => {
    if (event.kind === 'stepStarted') at = event.step.kind;
    display.onEvent(event);
  };
  try {
    await nodes.apply(plan, { agreementTimeoutMs: timeoutMs, signal: context.signal, onEvent });
    at = undefined;
    await using cluster = await nodes.open();
    const { awaitServing } = await import('../src/cli/connection/await-serving.js');
    const serving = wait ? await awaitServing(cluster, timeoutMs, context.signal, display.onEvent) : undefined;
    display.done();
    if (serving === false) context.io.note(NOT_SERVING);
    return { serving, view: cluster.view, keys: await countKeys(cluster), report: await cluster.check() };
  } catch (error) {
    display.failed();
    throw (await import('../src/cli/program/interruption.js')).interruptedOr(error, context.signal, ...interruptedState(plan, at));
  }
}

async function renderResult(result: NonNullable<Created['result']>, { io }: SubcommandContext): Promise<void> {
  const { view, keys, report } = result;
  if (io.mode === 'plain') {
    const { checkLines } = await import('../src/ui/views/check-lines.js');
    return io.out(checkLines(view, report, { dialect: io.lines }).join('\n'));
  }
  const { nodesTable, verdictLines } = await import('../src/ui/views/check-table.js');
  io.out(`${await nodesTable(io, view, keys)}\n\n${verdictLines(io, view, report).join('\n')}`);
}

async function zoned(nodes: readonly CandidateNode[], words: readonly string[], { cwd }: SubcommandContext): Promise<CandidateNode[]> {
  const [{ inZones }, { readNodeList }] = await Promise.all([import('../src/cli/options/zones.js'), import('../src/cli/options/node-list.js')]);
  return inZones(nodes, await readNodeList(words, cwd, 'NODE=ZONE, such as 10.0.0.1=a,'));
}

async function assignedMasters(nodes: readonly CandidateNode[], words: readonly string[], replicas: number, { cwd }: SubcommandContext): Promise<Map<string, string>> {
  const [{ requestedMasters }, { readNodeList }, { usageError }] = await Promise.all([import('../src/cli/options/replica-of.js'), import('../src/cli/options/node-list.js'), import('../src/cli/options/options.js')]);
  if (replicas > 0) throw usageError('--replicas and --replica-of exclude each other', 'with --replicas redis-trib chooses the masters, with --replica-of you do');
  return requestedMasters(nodes, await readNodeList(words, cwd, 'REPLICA=MASTER, each HOST:PORT,'));
}

interface RoleOptions {
  readonly zone: readonly string[] | undefined;
  readonly replicaOf: readonly string[] | undefined;
  readonly replicas: number;
  readonly allowFewMasters: boolean;
}

async function makePlan(nodes: readonly CandidateNode[], { zone, replicaOf, replicas, allowFewMasters }: RoleOptions, context: SubcommandContext): Promise<CreatePlan> {
  const { planCreate } = await import('../src/plan/create.js');
  const candidates = zone === undefined ? nodes : await zoned(nodes, zone, context);
  const roles = replicaOf === undefined ? {} : { masterOf: await assignedMasters(candidates, replicaOf, replicas, context) };
  return planCreate(candidates, { replicas, allowFewMasters, ...roles });
}

export default defineCommand({
  args: addresses,
  connects: true,
  mutates: true,
  options: {
    replicas: integer('N', 'number of replicas of each master', { min: 0, fallback: 0 }),
    zone: list('NODE=ZONE', 'failure domains: 10.0.0.1=a,10.0.0.2=a or HOST:PORT=a, or @FILE; a replica goes to another zone than its master'),
    replicaOf: list('REPLICA=MASTER', 'masters of the replicas: REPLICA=MASTER, both HOST:PORT, or @FILE; the other nodes are masters'),
    allowFewMasters: flag('permit one or two masters; such a cluster has no automatic failover'),
    reset: flag('first empty the nodes that hold keys, know other nodes or serve slots; shows what each holds'),
    flush: flag('with --reset: permit deleting keys and functions (otherwise asked; --yes is not enough)'),
    noWait: flag('return as soon as all nodes agree; they may answer CLUSTERDOWN for some more seconds'),
    wait: flag('the default', { hidden: true }),
    joinTimeout: integer('SECONDS', 'how long to wait until all nodes agree, and then as long until they serve', { min: 1, fallback: 60 }),
  },
  description: 'Replicas are placed on another host or in another zone than their master where possible. The nodes must be in cluster mode, and empty unless --reset is given. --reset refuses members of a running cluster that has other nodes.',
  examples: [
    'redis-trib create --replicas 1 127.0.0.1:7000 127.0.0.1:7001 127.0.0.1:7002 127.0.0.1:7003 127.0.0.1:7004 127.0.0.1:7005',
    'redis-trib create 10.0.0.1:7000 10.0.0.2:7000 10.0.0.3:7000 --dry-run',
    'redis-trib create --replicas 1 --zone @zones.txt 10.0.0.1:7000 10.0.0.2:7000 10.0.0.3:7000 10.0.1.1:7000 10.0.1.2:7000 10.0.1.3:7000',
    'redis-trib create 10.0.0.1:7000 10.0.0.2:7000 10.0.0.3:7000 10.0.1.1:7000 --replica-of 10.0.1.1:7000=10.0.0.2:7000',
    'redis-trib create --reset --dry-run 127.0.0.1:7000 127.0.0.1:7001 127.0.0.1:7002',
    'redis-trib create --reset --flush --yes 127.0.0.1:7000 127.0.0.1:7001 127.0.0.1:7002',
    'redis-trib --cluster create 10.0.0.1:7000 10.0.0.2:7000 10.0.0.3:7000 --cluster-yes',
  ],
  async run({ args, options }, context): Promise<Created> {
    if (options.flush && !options.reset) throw (await import('../src/cli/options/options.js')).usageError('--flush requires --reset');
    const [{ openNewNodes }, settings] = await Promise.all([import('../src/apply/steps/create.js'), context.connection(args.seed)]);
    const access = { ...settings, signal: context.signal };
    await using nodes = await openNewNodes(args.addresses, access, options.reset ? 'accept' : 'refuse');
    const plan = await makePlan(nodes.nodes, options, context);
    const emptying = options.reset ? (await import('../src/plan/emptying.js')).planEmptying(nodes.contents) : undefined;
    const occupied = emptying !== undefined && emptying.nodes.length > 0;
    const { agreeToEmpty, emptyAsShown, showEmptying } = await import('../src/cli/connection/emptying.js');
    if (occupied) await showEmptying(emptying, context);
    await show(plan, context);
    if (options.dryRun) return { plan, emptying, applied: false, result: undefined };
    if (occupied) await agreeToEmpty(emptying, options.flush, context);
    const { CREATE_QUESTION } = await import('../src/ui/views/create-lines.js');
    await context.confirm(CREATE_QUESTION);
    const timeoutMs = options.joinTimeout * 1000;
    const { renewIds } = await import('../src/apply/steps/identity.js');
    await using now = await openNewNodes(args.addresses, access, occupied ? 'accept' : 'refuse'); // They may have got data or a cluster during the question.
    if (occupied) await emptyAsShown(now, emptying, context);
    const renewed = await renewIds(now.links.values());
    if (!occupied && !renewed) return { plan, emptying, applied: true, result: await join(now, await makePlan(now.nodes, options, context), timeoutMs, !options.noWait, context) };
    await using fresh = await openNewNodes(args.addresses, access);
    const again = await makePlan(fresh.nodes, options, context); // With the nodes' new ids.
    return { plan: again, emptying, applied: true, result: await join(fresh, again, timeoutMs, !options.noWait, context) };
  },
  async render({ applied, result }, context) {
    if (result !== undefined) await renderResult(result, context);
    if (!applied) context.io.note('Dry run: nothing was changed.');
  },
  async toJson({ plan, emptying, applied, result }) {
    const { nodeDocuments, reportDocument } = await import('../src/cli/output/documents.js');
    return { plan, ...(emptying === undefined ? {} : { emptying }), applied, ...(result === undefined ? {} : { nodes: nodeDocuments(result.view, result.keys), ...reportDocument(result.report) }) };
  },
  exitCode: ({ result }) => (result === undefined || (result.report.ok && result.serving !== false) ? 0 : 1),
});
