// redis-trib create: look at the nodes, plan, show, confirm, empty them if so wished, join, check. Polls for agreement
// instead of sleeping.
import { addresses } from '../src/cli/arguments.js';
import { countKeys } from '../src/cli/open.js';
import { defineCommand, type CommandContext } from '../src/cli/define.js';
import { flag, integer, list } from '../src/cli/options.js';
import type { NewCluster } from '../src/apply/create.js';
import type { CheckReport } from '../src/cluster/findings.js';
import type { ClusterView } from '../src/cluster/view.js';
import type { CandidateNode, CreatePlan } from '../src/plan/create.js';
import type { Step } from '../src/plan/step.js';
import type { EmptyingPlan } from '../src/plan/emptying.js';
import type { KeyCounts } from '../src/ui/views/cluster-lines.js';

interface Created {
  readonly plan: CreatePlan;
  /** With --reset: what is lost, or was. */
  readonly emptying: EmptyingPlan | undefined;
  readonly applied: boolean;
  /** The cluster as it is afterwards. */
  readonly result: { readonly view: ClusterView; readonly keys: KeyCounts; readonly report: CheckReport } | undefined;
}

const NOT_SERVING = 'The cluster is made. Its nodes answer CLUSTERDOWN for a few seconds more (cluster-node-timeout, five at most); --wait waits for that.';

async function show(plan: CreatePlan, { io }: CommandContext): Promise<void> {
  if (io.mode === 'json') return;
  const { createPlanLines, createPlanTable } = await import('../src/ui/views/create-lines.js');
  io.out(io.mode === 'plain' ? createPlanLines(plan, io.lines).join('\n') : await createPlanTable(io, plan));
}

/** What is true, and how to go on, when it was stopped at a step of this kind; undefined: all steps are done. */
function halfway({ nodes }: CreatePlan, kind: Step['kind'] | undefined): readonly [done: string, hint: string] {
  const first = nodes[0]?.name ?? '';
  if (kind === undefined) return ['the cluster is made, but not all nodes were seen to serve it', `redis-trib check ${first} shows how it is`];
  if (kind !== 'replicate') return ['the nodes are joined in part, and some have slots', 'the same command with --reset begins anew: it shows first what the nodes hold'];
  const replicas = nodes.flatMap(({ name, masterId }) => (masterId === null ? [] : [`redis-trib replicate ${name} --master ${masterId} --yes`]));
  return ['the masters are joined and have their slots, but not all replicas follow them', `redis-trib nodes ${first} shows which do; for the others: ${replicas.join('; ')}`];
}

async function join(nodes: NewCluster, plan: CreatePlan, timeoutMs: number, wait: boolean, context: CommandContext): Promise<Created['result']> {
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
    const { awaitServing } = await import('../src/cli/await-serving.js');
    const serving = await awaitServing(cluster, wait ? timeoutMs : 0, context.signal);
    display.done();
    if (!serving) context.io.note(NOT_SERVING);
    return { view: cluster.view, keys: await countKeys(cluster), report: await cluster.check() };
  } catch (error) {
    display.failed();
    throw (await import('../src/cli/interruption.js')).interruptedOr(error, context.signal, ...halfway(plan, at));
  }
}

async function renderResult(result: NonNullable<Created['result']>, { io }: CommandContext): Promise<void> {
  const { view, keys, report } = result;
  if (io.mode === 'plain') {
    const { checkLines } = await import('../src/ui/views/check-lines.js');
    return io.out(checkLines(view, report, { dialect: io.lines }).join('\n'));
  }
  const { nodesTable, verdictLines } = await import('../src/ui/views/check-table.js');
  io.out(`${await nodesTable(io, view, keys)}\n\n${verdictLines(io, view, report).join('\n')}`);
}

async function zoned(nodes: readonly CandidateNode[], words: readonly string[], { cwd }: CommandContext): Promise<CandidateNode[]> {
  const [{ inZones }, { readNodeList }] = await Promise.all([import('../src/cli/zones.js'), import('../src/cli/node-list.js')]);
  return inZones(nodes, await readNodeList(words, cwd, 'NODE=ZONE, such as 10.0.0.1=a,'));
}

async function wished(nodes: readonly CandidateNode[], words: readonly string[], replicas: number, { cwd }: CommandContext): Promise<Map<string, string>> {
  const [{ wishedMasters }, { readNodeList }, { usageError }] = await Promise.all([import('../src/cli/wished-roles.js'), import('../src/cli/node-list.js'), import('../src/cli/options.js')]);
  if (replicas > 0) throw usageError('--replicas and --replica-of cannot go together', 'the one lets redis-trib choose, the other is your choice');
  return wishedMasters(nodes, await readNodeList(words, cwd, 'REPLICA=MASTER, each HOST:PORT,'));
}

interface Roles {
  readonly zone: readonly string[] | undefined;
  readonly replicaOf: readonly string[] | undefined;
  readonly replicas: number;
  readonly allowFewMasters: boolean;
}

async function makePlan(nodes: readonly CandidateNode[], { zone, replicaOf, replicas, allowFewMasters }: Roles, context: CommandContext): Promise<CreatePlan> {
  const { planCreate } = await import('../src/plan/create.js');
  const candidates = zone === undefined ? nodes : await zoned(nodes, zone, context);
  const roles = replicaOf === undefined ? {} : { masterOf: await wished(candidates, replicaOf, replicas, context) };
  return planCreate(candidates, { replicas, allowFewMasters, ...roles });
}

export default defineCommand({
  args: addresses,
  connects: true,
  mutates: true,
  options: {
    replicas: integer('N', 'replicas of each master', { min: 0, fallback: 0 }),
    zone: list('NODE=ZONE', 'what fails together: 10.0.0.1=a,10.0.0.2=a or HOST:PORT=a, or @FILE; replicas go to other zones than their masters'),
    replicaOf: list('REPLICA=MASTER', 'who replicates whom: HOST:PORT=HOST:PORT, or @FILE; the other nodes are masters'),
    allowFewMasters: flag('allow one or two masters: such a cluster cannot fail over by itself'),
    reset: flag('empty the nodes first that hold keys, know other nodes or serve slots; shows what each holds'),
    flush: flag('with --reset: keys and functions may be deleted (otherwise asked; --yes is not enough)'),
    wait: flag('return only when all nodes serve (cluster_state:ok)'),
    joinTimeout: integer('SECONDS', 'how long to wait for the nodes to find each other and agree', { min: 1, fallback: 60 }),
  },
  description: 'Nodes on different hosts, or in different zones, are preferred for a master and its replicas. The nodes must be in cluster mode, and empty unless --reset is given. With --reset, members of a cluster that is alive and has other nodes are refused all the same.',
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
    if (options.flush && !options.reset) throw (await import('../src/cli/options.js')).usageError('--flush goes with --reset');
    const [{ openNewNodes }, settings] = await Promise.all([import('../src/apply/create.js'), context.connection(args.seed)]);
    const access = { ...settings, signal: context.signal };
    await using nodes = await openNewNodes(args.addresses, access, options.reset ? 'accept' : 'refuse');
    const plan = await makePlan(nodes.nodes, options, context);
    await (await import('../src/apply/replication-means.js')).requireReplication(plan.steps, nodes.links);
    const emptying = options.reset ? (await import('../src/plan/emptying.js')).planEmptying(nodes.holdings) : undefined;
    const occupied = emptying !== undefined && emptying.nodes.length > 0;
    const { agreeToEmpty, emptyAsShown, showEmptying } = await import('../src/cli/emptying.js');
    if (occupied) await showEmptying(emptying, context);
    await show(plan, context);
    if (options.dryRun) return { plan, emptying, applied: false, result: undefined };
    if (occupied) await agreeToEmpty(emptying, options.flush, context);
    const { CREATE_QUESTION } = await import('../src/ui/views/create-lines.js');
    await context.confirm(CREATE_QUESTION);
    const timeoutMs = options.joinTimeout * 1000;
    if (!occupied) return { plan, emptying, applied: true, result: await join(nodes, plan, timeoutMs, options.wait, context) };
    await using now = await openNewNodes(args.addresses, access, 'accept');
    await emptyAsShown(now, emptying, context);
    await using fresh = await openNewNodes(args.addresses, access);
    const again = await makePlan(fresh.nodes, options, context); // with the nodes' new ids
    return { plan: again, emptying, applied: true, result: await join(fresh, again, timeoutMs, options.wait, context) };
  },
  async render({ applied, result }, context) {
    if (result !== undefined) await renderResult(result, context);
    if (!applied) context.io.note('Dry run: nothing was changed.');
  },
  async toJson({ plan, emptying, applied, result }) {
    const { nodeDocuments, reportDocument } = await import('../src/cli/documents.js');
    return { plan, ...(emptying === undefined ? {} : { emptying }), applied, ...(result === undefined ? {} : { nodes: nodeDocuments(result.view, result.keys), ...reportDocument(result.report) }) };
  },
  exitCode: ({ result }) => (result === undefined || result.report.ok ? 0 : 1),
});
