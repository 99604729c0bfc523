// The master of each key, and the route to it: directly from the source, or through this process. Follows slots that move
// during the import. Not here: probing a route (probe.ts).
import type { Cluster } from '../apply/open-cluster.js';
import type { Connection } from '../client/connection.js';
import type { NodeCredentials } from '../client/migrate-command.js';
import type { ClusterNode } from '../cluster/view.js';
import { keySlot } from '../cluster/slots.js';
import { TribError } from '../errors.js';
import { confirmedBy, type ReplicaWait } from './confirm-replicas.js';

/**
 * How keys reach a target: by MIGRATE from the source, or relayed through this process. `unknown` until the first keys were
 * sent.
 */
export type ImportMethod = 'unknown' | 'direct' | 'relay';

export class ImportRoute {
  method: ImportMethod = 'unknown';
  /** Consecutive network failures of MIGRATE. */
  failures = 0;
  /** The probe, shared by the batches that wait for it. */
  probing: Promise<void> | undefined;

  constructor(
    readonly id: string,
    readonly name: string,
    /** The announced address, which the source gets. */
    readonly host: string,
    readonly port: number,
    /** The credentials for the source's MIGRATE. */
    readonly credentials: NodeCredentials,
  ) {}
}

export class ImportRoutes {
  private readonly routes = new Map<string, ImportRoute>();
  private owners: readonly (ClusterNode | undefined)[] = [];
  private refreshing: Promise<void> | undefined;

  constructor(private readonly cluster: Cluster) {
    this.owners = cluster.view.owners();
  }

  /** Throws TribError UNCOVERED for a slot without owner. */
  of(key: string): ImportRoute {
    const slot = keySlot(key);
    const owner = this.owners[slot];
    if (owner === undefined) throw new TribError('UNCOVERED', `No node serves slot ${slot}`, { hint: 'run redis-trib check and fix, then the import again' });
    let route = this.routes.get(owner.id);
    if (route === undefined) this.routes.set(owner.id, (route = new ImportRoute(owner.id, owner.name, owner.host, owner.port, this.cluster.links.get(owner.id)?.credentials ?? {})));
    return route;
  }

  /** Reads the owners again; concurrent callers share one read. Ignores errors: the next failure triggers another read. */
  refresh(): Promise<void> {
    this.refreshing ??= this.cluster
      .refresh()
      .then((view) => void (this.owners = view.owners().map((owner, slot) => owner ?? this.owners[slot]))) // Keep the old owner until a new one is known.
      .catch(() => undefined)
      .finally(() => (this.refreshing = undefined));
    return this.refreshing;
  }

  /** Waits until replicas of a target have confirmed all that it wrote. Throws as confirmedBy. */
  confirmed(route: ImportRoute, wait: ReplicaWait, signal: AbortSignal | undefined): Promise<void> {
    return confirmedBy(this.cluster, route.id, wait, signal, 'the keys are still on the source');
  }

  /** This process's connection to a database of a target. */
  connection(route: ImportRoute, database: number): Promise<Connection> {
    return this.cluster.links.get(route.id)?.connection(database) ?? this.cluster.connection(route.id);
  }
}
