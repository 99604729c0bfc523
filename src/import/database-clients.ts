// Clients of a cluster by database, for imports: created on demand, closed together.
import type { Cluster } from '../apply/open-cluster.js';
import type { Address } from '../cluster/address.js';
import { formatAddress } from '../cluster/address.js';
import { ClusterClient } from '../client/cluster-client.js';

/** Nodes are reached at the addresses the cluster was loaded from, whatever they announce. */
function reachable(cluster: Cluster): (announced: Address) => Address {
  return (announced) => {
    const link = [...cluster.links.values()].find((one) => formatAddress(one.announced) === formatAddress(announced));
    return link?.address ?? cluster.options.addressMap?.(announced) ?? announced;
  };
}

export class DatabaseClients {
  private readonly made = new Map<number, Promise<ClusterClient>>();

  /** @param deadlineMs milliseconds that one command may take with all its retries */
  constructor(private readonly cluster: Cluster, private readonly deadlineMs: number) {}

  of(database: number): Promise<ClusterClient> {
    const client = this.made.get(database) ?? this.make(database);
    this.made.set(database, client);
    return client;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const client of await Promise.allSettled(this.made.values())) if (client.status === 'fulfilled') client.value.close();
  }

  private make(database: number): Promise<ClusterClient> {
    const { cluster, deadlineMs } = this;
    const seeds = cluster.view.masters.map(({ connectHost, connectPort }) => ({ host: connectHost, port: connectPort }));
    const { signal: _, ...access } = cluster.options; // Without the signal: after an abort the batches in flight are finished.
    return ClusterClient.connect(seeds, { ...access, addressMap: reachable(cluster), deadlineMs, database });
  }
}
