// The demo's failover: a master of a local cluster is killed while counters are written, its replica takes over, and the
// killed node comes back as a replica.
import { delay } from '../../apply/node/delay.js';
import type { Cluster } from '../../apply/open-cluster.js';
import { SLOT_COUNT } from '../../cluster/slots.js';
import type { ConsistencyOutcome } from '../../consistency/run.js';
import { TribError } from '../../errors.js';
import type { LocalState } from '../../local/state.js';
import { awaitServing } from './await-serving.js';

/** How long a failover may take, and the return of the killed node, ms. */
const FAILOVER_MS = 20_000;
/** Load before the kill and after the failover, ms. */
const BASELINE_MS = 1000;
const POLL_MS = 50;

export interface FailedOver {
  /** Addresses of the master that was killed and of the replica that took over. */
  readonly killed: string;
  readonly promoted: string;
  /** From the kill until the other nodes agreed on the new master, ms. */
  readonly ms: number;
  /** Result of the counters written during the failover; an increment counts as acknowledged once a replica has confirmed it. */
  readonly consistency: ConsistencyOutcome;
}

/** Kills the first master of a local cluster under load. Throws NO_FAILOVER when no replica takes over in time. */
export async function failOverUnderLoad(cluster: Cluster, state: LocalState, restart: () => Promise<unknown>, signal: AbortSignal): Promise<FailedOver> {
  const [{ ClusterClient }, { ReplicatedCounters }, { runOf }] = await Promise.all([
    import('../../client/cluster-client.js'),
    import('../../consistency/replicated-counters.js'),
    import('../../consistency/counters.js'),
  ]);
  await using client = await ClusterClient.connect(state.nodes.map(({ port }) => ({ host: state.host, port })));
  using counters = new ReplicatedCounters(client, FAILOVER_MS);
  const run = runOf(counters, { workingSet: 500, clients: 8, rate: 1000, prefix: 'failover:', patienceMs: FAILOVER_MS });
  const finished = run.run();
  try {
    await delay(BASELINE_MS, signal);
    const done = await killMaster(cluster, state, signal);
    await delay(BASELINE_MS, signal);
    run.stop();
    const consistency = await finished;
    await restart();
    await awaitServing(cluster, FAILOVER_MS, signal);
    return { ...done, consistency };
  } finally {
    run.stop();
    await finished;
  }
}

async function killMaster(cluster: Cluster, state: LocalState, signal: AbortSignal): Promise<Omit<FailedOver, 'consistency'>> {
  const victim = cluster.view.masters.find((node) => cluster.view.replicasOf(node.id).length > 0);
  const process_ = state.nodes.find(({ port }) => port === victim?.port);
  if (victim === undefined || process_ === undefined) throw new TribError('NO_FAILOVER', 'no master of the demo cluster has a replica');
  const first = victim.slots.toArray()[0] ?? 0;
  const started = performance.now();
  process.kill(process_.pid, 'SIGKILL');
  while (performance.now() - started < FAILOVER_MS) {
    await delay(POLL_MS, signal);
    await cluster.refresh();
    const successor = cluster.view.masters.find((node) => node.id !== victim.id && node.slots.has(first));
    const covered = cluster.view.masters.reduce((sum, { id, slots }) => sum + (id === victim.id ? 0 : slots.size), 0);
    if (successor === undefined || covered < SLOT_COUNT) continue;
    return { killed: victim.name, promoted: successor.name, ms: Math.round(performance.now() - started) };
  }
  throw new TribError('NO_FAILOVER', `no replica took the place of ${victim.name} in ${FAILOVER_MS / 1000} s`, { hint: 'the nodes log why: Currently unable to failover' });
}
