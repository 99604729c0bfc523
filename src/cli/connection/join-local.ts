// Joins local nodes into a cluster after they started, or waits until an existing cluster is complete again.
import type { OnEvent } from '../../apply/node/event.js';
import type { Cluster } from '../../apply/open-cluster.js';
import { SLOT_COUNT } from '../../cluster/slots.js';
import { TribError } from '../../errors.js';
import type { LocalState } from '../../local/state.js';
import type { SubcommandContext } from '../program/define.js';

type Joiner = Pick<SubcommandContext, 'io' | 'signal'>;

/** Milliseconds for nodes to agree; all are on one machine. */
const AGREEMENT_MS = 30_000;
/** Milliseconds before a cluster counts as unfinished. */
const SETTLE_MS = 5000;

async function awaitComplete(cluster: Cluster, signal: AbortSignal): Promise<void> {
  const members = cluster.view.nodes.map((node) => node.id);
  await cluster.waitForAgreement({ timeoutMs: AGREEMENT_MS, members, signal });
}

/** What an interrupted `up` left undone. Slots and roles may have been changed since. */
function unfinished({ view }: Cluster, { nodes, replicas }: LocalState): TribError | undefined {
  const uncovered = SLOT_COUNT - view.masters.reduce((sum, { slots }) => sum + slots.size, 0);
  const wanted = nodes.length - nodes.length / (1 + replicas);
  const lacking = wanted - view.replicas.length;
  if (uncovered <= 0 && lacking <= 0) return undefined;
  const missing = [...(uncovered > 0 ? [`${uncovered} of ${SLOT_COUNT} slots have no owner`] : []), ...(lacking > 0 ? [`${lacking} of ${wanted} replicas are masters`] : [])];
  const { name } = view.entry;
  const repair = uncovered > 0 ? `to give the slots owners: redis-trib fix ${name}` : `to make a node a replica: redis-trib replicate ${name} NODE --master MASTER`;
  return new TribError('UNFINISHED', `the cluster is not as requested: ${missing.join(', ')}`, { hint: `${repair}; or start again: redis-trib local clean --yes, then redis-trib local up` });
}

async function requireFinished(cluster: Cluster, state: LocalState, signal: AbortSignal): Promise<void> {
  const { delay } = await import('../../apply/node/delay.js');
  const deadline = Date.now() + SETTLE_MS; // They may have just restarted and not be connected yet.
  for (let problem = unfinished(cluster, state); problem !== undefined; problem = unfinished(cluster, state)) {
    if (Date.now() > deadline) throw problem;
    await delay(100, signal);
    await cluster.refresh();
  }
}

async function requireServing(cluster: Cluster, signal: AbortSignal, onEvent?: OnEvent): Promise<void> {
  const { awaitServing } = await import('./await-serving.js');
  if (await awaitServing(cluster, AGREEMENT_MS, signal, onEvent)) return;
  throw new TribError('NOT_SERVING', 'the nodes agree about the slots, but do not serve them: cluster_state is not ok, or a replica is not in sync', { hint: 'redis-trib local logs' });
}

/**
 * True when this call created the cluster. Throws TribError HALF_JOINED for nodes that know only some of the others, UNFINISHED
 * when slots have no owner or too few nodes are replicas, NOT_SERVING when the nodes agree but do not serve.
 */
export async function joinLocal(state: LocalState, { io, signal }: Joiner): Promise<boolean> {
  const [{ openCluster }, { openNewNodes }, { planCreate }] = await Promise.all([
    import('../../apply/open-cluster.js'),
    import('../../apply/steps/create.js'),
    import('../../plan/create.js'),
  ]);
  const addresses = state.nodes.map(({ port }) => ({ host: state.host, port }));
  await using cluster = await openCluster(addresses, { signal });
  const known = cluster.view.nodes.length + cluster.view.unreachable.length;
  if (known === addresses.length && (known > 1 || cluster.view.entry.slots.size > 0)) {
    await requireFinished(cluster, state, signal);
    await awaitComplete(cluster, signal);
    await requireServing(cluster, signal);
    return false;
  }
  if (known > 1) {
    throw new TribError('HALF_JOINED', `the local nodes know ${known} of ${addresses.length} nodes: an earlier 'up' did not finish`, { hint: 'redis-trib local clean --yes, then redis-trib local up' });
  }
  const { showJoining } = await import('../../ui/joining.js');
  const display = await showJoining(io, addresses.length, false);
  await using nodes = await openNewNodes(addresses, { signal });
  const plan = planCreate(nodes.nodes, { replicas: state.replicas, allowFewMasters: true });
  await nodes.apply(plan, { agreementTimeoutMs: AGREEMENT_MS, signal, onEvent: display.onEvent });
  await using made = await nodes.open();
  await requireServing(made, signal, display.onEvent);
  display.done();
  return true;
}
