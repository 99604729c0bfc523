// Joins local nodes into a cluster after they started, or waits until a cluster that was there before is whole again.
import type { Cluster } from '../apply/open-cluster.js';
import { SLOT_COUNT } from '../cluster/slots.js';
import { TribError } from '../errors.js';
import type { LocalState } from '../local/state.js';
import type { CommandContext } from './define.js';

type Joiner = Pick<CommandContext, 'io' | 'signal'>;

/** Milliseconds that nodes get to agree: they are all on one machine. */
const AGREEMENT_MS = 30_000;
/** Nodes of a cluster that looks unfinished get this long to say otherwise. */
const SETTLE_MS = 5000;

async function awaitWhole(cluster: Cluster, signal: AbortSignal): Promise<void> {
  const members = cluster.view.nodes.map((node) => node.id);
  await cluster.waitForAgreement({ timeoutMs: AGREEMENT_MS, members, signal });
}

/** What a former `up` did not get done. Who has the slots and who replicates whom may have been changed since. */
function unfinished({ view }: Cluster, { nodes, replicas }: LocalState): TribError | undefined {
  const uncovered = SLOT_COUNT - view.masters.reduce((sum, { slots }) => sum + slots.size, 0);
  const wanted = nodes.length - nodes.length / (1 + replicas);
  const lacking = wanted - view.replicas.length;
  if (uncovered <= 0 && lacking <= 0) return undefined;
  const missing = [...(uncovered > 0 ? [`${uncovered} of ${SLOT_COUNT} slots have no owner`] : []), ...(lacking > 0 ? [`${lacking} of ${wanted} replicas are masters`] : [])];
  const { name } = view.entry;
  const repair = uncovered > 0 ? `redis-trib fix ${name} gives the slots owners` : `redis-trib replicate ${name} NODE --master MASTER makes a node a replica`;
  return new TribError('UNFINISHED', `the cluster is not as it was to be: ${missing.join(', ')}`, { hint: `${repair}; or begin anew: redis-trib local clean --yes, then redis-trib local up` });
}

async function requireFinished(cluster: Cluster, state: LocalState, signal: AbortSignal): Promise<void> {
  const { delay } = await import('../apply/delay.js');
  const deadline = Date.now() + SETTLE_MS; // they may just have come back, and not have found each other yet
  for (let problem = unfinished(cluster, state); problem !== undefined; problem = unfinished(cluster, state)) {
    if (Date.now() > deadline) throw problem;
    await delay(100, signal);
    await cluster.refresh();
  }
}

async function requireServing(cluster: Cluster, signal: AbortSignal): Promise<void> {
  const { awaitServing } = await import('./await-serving.js');
  if (await awaitServing(cluster, AGREEMENT_MS, signal)) return;
  throw new TribError('NOT_SERVING', 'the nodes agree about the slots, but do not serve them: cluster_state is not ok', { hint: 'redis-trib local logs' });
}

/** True when the cluster was made by this call. Throws TribError HALF_JOINED for nodes that know some but not all others, UNFINISHED. */
export async function joinLocal(state: LocalState, { io, signal }: Joiner): Promise<boolean> {
  const [{ openCluster }, { openNewNodes }, { planCreate }] = await Promise.all([
    import('../apply/open-cluster.js'),
    import('../apply/create.js'),
    import('../plan/create.js'),
  ]);
  const addresses = state.nodes.map(({ port }) => ({ host: state.host, port }));
  await using cluster = await openCluster(addresses, { signal });
  const known = cluster.view.nodes.length + cluster.view.unreachable.length;
  if (known === addresses.length && (known > 1 || cluster.view.entry.slots.size > 0)) {
    await requireFinished(cluster, state, signal);
    await awaitWhole(cluster, signal);
    await requireServing(cluster, signal);
    return false;
  }
  if (known > 1) {
    throw new TribError('HALF_JOINED', `the local nodes know ${known} of ${addresses.length} nodes: a former 'up' did not finish`, { hint: 'redis-trib local clean --yes, then redis-trib local up' });
  }
  const { showJoining } = await import('../ui/joining.js');
  const display = await showJoining(io, addresses.length, false);
  await using nodes = await openNewNodes(addresses, { signal });
  const plan = planCreate(nodes.nodes, { replicas: state.replicas, allowFewMasters: true });
  await nodes.apply(plan, { agreementTimeoutMs: AGREEMENT_MS, signal, onEvent: display.onEvent });
  await using made = await nodes.open();
  await requireServing(made, signal);
  display.done();
  return true;
}
