// The node's side of the cluster bus: opens it from the node's configuration, and answers what executor and commands
// ask from the bus's state. Rules of the protocol are in rules/.
import { keySlot } from '../../cluster/slots.js';
import { TribError } from '../../errors.js';
import { ErrorReply } from '../../resp/server-reply.js';
import { toPath } from '../config/paths.js';
import type { Client } from '../exec/client.js';
import type { ClusterPort, RouteRequest } from '../exec/ports/cluster-port.js';
import type { NodeServices } from '../exec/context.js';
import { NO_CLUSTER } from '../errors.js';
import { reconcileWithData } from './admin/slots.js';
import { ClusterBus } from './bus/bus.js';
import type { BusHooks } from './bus/bus.js';
import { BUS_PORT_INCREMENT, SLOTS } from './wire/constants.js';
import { liveSettings } from './bus/live-settings.js';
import { routeErrorOfBlocked, routeErrorLine, route } from './route.js';
import type { ClusterState } from './state/state.js';

export class NodeCluster implements ClusterPort {
  private readonly state: ClusterState;

  private constructor(
    private readonly node: NodeServices,
    readonly bus: ClusterBus,
  ) {
    this.state = bus.state;
  }

  /** Opens the bus as configured. Throws TribError for taken ports and files, with nothing left open. */
  static async open(node: NodeServices, servesAtOnce = false): Promise<NodeCluster> {
    const { config } = node;
    const db = node.keyspace.db(0);
    const port = config.integer('port');
    const bus = await ClusterBus.open({
      dir: toPath(config.text('dir')),
      configFile: toPath(config.text('cluster-config-file')),
      port,
      cport: busPort(port, config.integer('cluster-port')),
      bind: config.text('bind').split(' ').filter((word) => word !== ''),
      sourceAddress: config.text('bind-source-addr'),
      settings: liveSettings(config, servesAtOnce),
      clock: node.clock,
      random: node.random,
      log: node.log,
      keyspace: {
        countKeysInSlot: (slot) => db.countInSlot(slot),
        deleteSlot: (slot) => void db.dropSlot(slot),
        isEmpty: () => db.size === 0,
        flush: () => {
          for (const one of node.keyspace.databases) one.flush();
        },
      },
      replication: node.replication,
      hooks: hooksOf(node),
    });
    return new NodeCluster(node, bus);
  }

  ownsStable(slot: number): boolean {
    return this.state.ownsStable(slot);
  }

  route(request: RouteRequest, exists: (key: string) => boolean): ErrorReply | null {
    const error = route(this.state, request, exists);
    return error === null ? null : new ErrorReply(routeErrorLine(this.state, error));
  }

  publish(channel: string, message: string, shard: boolean): void {
    this.bus.publish(channel, message, shard);
  }

  /** Unblocks clients that wait for keys that are not ours any more (cluster-node.md 6.5). */
  checkBlocked(): void {
    const { blocking } = this.node;
    if (blocking.size === 0) return;
    for (const { client, keys } of blocking.waiting()) this.checkOne(client, keys[0]);
  }

  private checkOne(client: Client, key: string | undefined): void {
    if (key === undefined) return;
    const error = routeErrorOfBlocked(this.state, key, client.readonly);
    if (error !== null) this.node.blocking.release(client, new ErrorReply(routeErrorLine(this.state, error)));
  }

  /** Call after data was loaded from disk: the slot table must account for the slots that have keys (cluster-node.md 5.2). */
  reconcile(): void {
    if (this.state.myself.isReplica) return; // its data is the master's
    const db = this.node.keyspace.db(0);
    const filled: number[] = [];
    for (let slot = 0; slot < SLOTS; slot++) if (db.countInSlot(slot) > 0) filled.push(slot);
    this.bus.administer((context) => reconcileWithData(context, filled));
  }

  close(): Promise<void> {
    return this.bus.close();
  }
}

/** The bus of a node. Throws the error of a node that is not in cluster mode. */
export function busOf(node: NodeServices): ClusterBus {
  if (node.cluster instanceof NodeCluster) return node.cluster.bus;
  throw NO_CLUSTER;
}

function busPort(port: number, configured: number): number {
  if (port === 0) {
    throw new TribError('CLUSTER_PORT', 'A node in cluster mode needs a client port: it is announced to other nodes and clients.', {
      hint: 'give --port a number',
    });
  }
  const chosen = configured === 0 ? port + BUS_PORT_INCREMENT : configured;
  if (chosen <= 65_535) return chosen;
  throw new TribError('CLUSTER_PORT', `Port ${port} is too high for cluster mode: the bus would need port ${chosen}.`, {
    hint: 'choose a --port up to 55535, or name the bus port with --cluster-port',
  });
}

function hooksOf(node: NodeServices): BusHooks {
  return {
    published: (channel, message, sharded) => {
      if (sharded) node.pubsub.publishShard(channel, message);
      else node.pubsub.publish(channel, message);
    },
    slotsLeft: (slots) => {
      if (node.pubsub.shardChannels.size === 0) return;
      const gone = new Set(slots);
      node.pubsub.dropShardChannels((channel) => gone.has(keySlot(channel)));
    },
    pauseWrites: (until) => node.pause.start(until - node.clock.now(), false, 'failover'),
    resumeWrites: () => node.pause.end('failover'),
    fatal: () => node.shutdown(),
    fault: (error) => node.fault('the cluster bus', error),
  };
}
