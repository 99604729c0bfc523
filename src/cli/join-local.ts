// Joins local nodes into a cluster after they started, or waits until a cluster that was there before is whole again.
import type { Cluster } from '../apply/open-cluster.js';
import { TribError } from '../errors.js';
import type { LocalState } from '../local/state.js';
import type { CommandContext } from './define.js';

type Joiner = Pick<CommandContext, 'io' | 'signal'>;

/** Milliseconds that nodes get to agree: they are all on one machine. */
const AGREEMENT_MS = 30_000;

async function awaitWhole(cluster: Cluster, signal: AbortSignal): Promise<void> {
  const members = cluster.view.nodes.map((node) => node.id);
  await cluster.waitForAgreement({ timeoutMs: AGREEMENT_MS, members, signal });
}

async function requireServing(cluster: Cluster, signal: AbortSignal): Promise<void> {
  const { awaitServing } = await import('./await-serving.js');
  if (await awaitServing(cluster, AGREEMENT_MS, signal)) return;
  throw new TribError('NOT_SERVING', 'the nodes agree about the slots, but do not serve them: cluster_state is not ok', { hint: 'redis-trib local logs' });
}

/** True when the cluster was made by this call. Throws TribError HALF_JOINED for nodes that know some but not all others. */
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
