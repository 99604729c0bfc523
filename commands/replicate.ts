// redis-trib replicate: makes a node a replica of a master; done when it is in sync.
import { counted } from '../src/cluster/counted.js';
import { defineCommand, type SubcommandContext } from '../src/cli/program/define.js';
import { seedAndPerhapsNode } from '../src/cli/program/member-arguments.js';
import type { Judgement } from '../src/cli/connection/confirm-plan.js';
import { openSeed } from '../src/cli/connection/open.js';
import { flag, integer, text } from '../src/cli/options/options.js';
import type { Cluster } from '../src/apply/open-cluster.js';
import { compareAddresses } from '../src/cluster/address.js';
import type { ClusterNode, ClusterView } from '../src/cluster/view.js';
import { TribError } from '../src/errors.js';
import type { Choice } from '../src/ui/pick.js';
import type { planReplicate } from '../src/plan/role-change.js';

type ReplicatePlan = ReturnType<typeof planReplicate>;

interface Replicated {
  readonly plan: ReplicatePlan;
  readonly applied: boolean;
}

/** The master that --master names, or that the user chooses. */
async function chooseMaster(view: ClusterView, node: ClusterNode, named: string | undefined, { io, signal }: SubcommandContext): Promise<ClusterNode> {
  if (named !== undefined) return view.find(named);
  const choice = (master: ClusterNode): Choice<ClusterNode> => ({ name: `${master.id.slice(0, 8)} ${master.name} (${counted(master.slots.size, 'slot')}, ${counted(view.replicasOf(master.id).length, 'replica')})`, value: master, also: master.id });
  const choices = view.masters.filter((master) => master.id !== node.id).toSorted(compareAddresses).map(choice);
  if (choices.length === 0) throw new TribError('NO_MASTER_LEFT', `there is no other master that ${node.name} could replicate`, { hint: `add one first: redis-trib add-node NEW_HOST:PORT ${view.entry.name}` });
  const [master] = await (await io.prompts(signal)).pick({ question: () => `Which master should ${node.name} replicate?`, choices, find: (word) => choice(view.find(word)) }, '--master NODE');
  return master;
}

/**
 * Number of keys on an empty master, which the command deletes. They are probably left by accident. Throws HAS_KEYS without
 * --flush.
 */
async function keysToDelete(cluster: Cluster, node: ClusterNode, flush: boolean): Promise<number> {
  if (node.role !== 'master') return 0;
  const keys = await (await import('../src/apply/node/slot-keys.js')).countKeys(cluster.link(node.id));
  if (keys > 0 && !flush) throw new TribError('HAS_KEYS', `${node.name} has ${counted(keys, 'key')}: a replica loads its master's data and loses its own`, { hint: '--flush deletes the keys first; this cannot be undone' });
  return keys;
}

interface Judged extends Judgement {
  readonly plan: ReplicatePlan;
  /** Number of keys that are deleted. */
  readonly keys: number;
}

/** The plan for the cluster as it is loaded. */
async function judge(cluster: Cluster, ids: { readonly node: string; readonly master: string }, flush: boolean): Promise<Judged> {
  const [{ planReplicate: makePlan }, { standingOf }] = await Promise.all([import('../src/plan/role-change.js'), import('../src/plan/standing.js')]);
  const { view } = cluster;
  const node = view.find(ids.node);
  const draft = makePlan(view, node, view.find(ids.master));
  const keys = await keysToDelete(cluster, node, flush);
  const plan: ReplicatePlan = flush && node.role === 'master' && draft.steps.length > 0 ? { ...draft, steps: [{ kind: 'flush', node: node.id }, ...draft.steps] } : draft;
  const changed = draft.steps.flatMap((step) => (step.kind === 'replicate' ? [step.node] : []));
  return { plan, keys, standings: changed.map((id) => standingOf(view, id, id === node.id && node.role === 'master' ? keys : undefined)) };
}

/** How to undo CLUSTER REPLICATE: an interruption does not revert it. */
function undoHint({ view }: Cluster, node: ClusterNode): string {
  const former = node.masterId === null ? undefined : view.node(node.masterId);
  const seed = view.entry.name;
  if (former !== undefined) return `to make it follow ${former.name} again: redis-trib replicate ${seed} ${node.id} --master ${former.id} --yes`;
  return `to give it another master: redis-trib replicate ${seed} ${node.id} --master OTHER; to make it an empty master again: del-node and add-node`;
}

async function carryOut(cluster: Cluster, plan: ReplicatePlan, node: ClusterNode, options: { readonly wait: number; readonly flush: boolean }, { io, signal }: SubcommandContext): Promise<void> {
  const { showSteps } = await import('../src/ui/node-steps.js');
  const undo = undoHint(cluster, node); // Before the change, because the view then names the new master.
  const name = (id: string): string => cluster.view.node(id)?.name ?? id;
  const display = await showSteps(io, 'Replicating', name, (step) => (step.kind === 'replicate' ? `>>> Configure node ${name(step.node)} as replica of ${name(step.master)}.` : undefined));
  try {
    await cluster.apply(plan, { agreementTimeoutMs: options.wait * 1000, signal, onEvent: display.onEvent, giveUpKeys: options.flush });
    display.done(`${plan.node.name} has the data of ${plan.master.name}`);
  } catch (error) {
    display.failed();
    if (signal.aborted) throw (await import('../src/cli/program/interruption.js')).interruptedOr(error, signal, `${plan.node.name} got REPLICATE for ${plan.master.name}, but may not be in sync yet`, `to see its state: redis-trib nodes ${plan.node.name}. To undo: ${undo}`);
    if (!(error instanceof TribError) || error.code !== 'NOT_REPLICATING') throw error;
    throw new TribError(error.code, error.message, { exitCode: error.exitCode, cause: error.cause, hint: `${error.hint ?? ''}. To undo: ${undo}` });
  }
}

export default defineCommand({
  args: seedAndPerhapsNode,
  options: {
    master: text('NODE', 'the master: id, prefix of an id, or address', { aliases: ['master-id', 'primary-id'] }),
    flush: flag('delete the keys of the node'),
    wait: integer('SECONDS', 'how long to wait for the link to the master', { min: 1, fallback: 60 }),
  },
  connects: true,
  mutates: true,
  description: 'HOST:PORT is the node that becomes a replica, or any node of the cluster when NODE names the new replica. The new replica must own no slots. Its own replicas get the same master.',
  examples: ['redis-trib replicate 127.0.0.1:7006 --master 127.0.0.1:7001', 'redis-trib replicate 127.0.0.1:7000 3c3a0c74 --master 97a3a6 --yes'],
  async run({ args, options }, context): Promise<Replicated> {
    const cluster = await openSeed(args.seed, context);
    await using _closing = cluster;
    const { view } = cluster;
    const node = args.node === undefined ? view.entry : view.find(args.node);
    const master = await chooseMaster(view, node, options.master, context);
    const now = (): Promise<Judged> => judge(cluster, { node: node.id, master: master.id }, options.flush);
    const shown = await now();
    const { plan, keys } = shown;
    const { showPlan } = await import('../src/ui/node-steps.js');
    if (plan.steps.length > 0) showPlan(context.io, plan, (id) => view.node(id)?.name ?? id);
    if (options.dryRun || plan.steps.length === 0) return { plan, applied: false };
    const cost = keys === 0 ? '' : `, deleting its ${keys} ${keys === 1 ? 'key' : 'keys'}`;
    const { confirmPlan } = await import('../src/cli/connection/confirm-plan.js');
    await confirmPlan(cluster, shown, `Make ${node.name} a replica of ${master.name}${cost}? (type 'yes' to accept):`, now, context);
    await carryOut(cluster, plan, node, options, context);
    return { plan, applied: true };
  },
  render({ plan, applied }, { io }) {
    if (applied) io.out(`[OK] ${plan.node.name} replicates ${plan.master.name}, and all nodes know it.`);
    else if (plan.steps.length === 0) io.out(`[OK] ${plan.node.name} replicates ${plan.master.name} already.`);
    else io.note('Dry run: nothing was changed.');
  },
});
