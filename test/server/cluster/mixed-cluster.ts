// Clusters of bundled and real nodes as processes: creating them, reading roles, and waiting for failovers.
import { fileURLToPath } from 'node:url';
import type { Connection } from '../../../src/client/connection.js';
import { restartNode, startRedisCluster, waitFor } from '../../support/redis-server.js';
import type { PartitionedBus } from '../../support/partitioned-bus.js';
import type { RedisNode } from '../../support/redis-server.js';

const BUNDLED = [process.execPath, fileURLToPath(new URL('../../../dist/bin/redis-trib-server.js', import.meta.url))] as const;

/** Distance of the bus port from the client port. */
const BUS_PORT = 10_000;

export type Kind = 'bundled' | 'real';

export interface MixedShape {
  /** Kind of each master. */
  readonly masters: readonly Kind[];
  /** Replicas of each master; the first row is attached first. */
  readonly replicas: readonly (readonly Kind[])[];
  readonly nodeTimeout?: number;
  readonly settings?: readonly string[];
  /** Proxies of the bus, so that it can be cut. */
  readonly bus?: PartitionedBus;
}

export class MixedMember {
  private constructor(
    readonly kind: Kind,
    readonly id: string,
    public node: RedisNode,
    public link: Connection,
  ) {}

  static async of(kind: Kind, node: RedisNode): Promise<MixedMember> {
    const link = await node.connect();
    return new MixedMember(kind, String(await link.command(['CLUSTER', 'MYID'])), node, link);
  }

  async ask(...words: (string | number)[]): Promise<string> {
    return String(await this.link.command(words));
  }

  /** `master`, or the id of its master, in the node's own view. */
  async role(): Promise<string> {
    const own = (await this.ask('CLUSTER', 'NODES')).split('\n').find((line) => line.includes('myself')) ?? '';
    const [, , flags = '', master = ''] = own.split(' ');
    return flags.includes('master') ? 'master' : master;
  }

  async kill(): Promise<void> {
    this.link.close();
    await this.node.kill();
  }

  async restart(): Promise<void> {
    this.node = await restartNode(this.node);
    this.link = await this.node.connect();
  }
}

export class MixedCluster {
  private constructor(readonly members: readonly MixedMember[]) {}

  static async start(shape: MixedShape): Promise<MixedCluster> {
    const { bus } = shape;
    const common = ['--cluster-node-timeout', String(shape.nodeTimeout ?? 2000), '--repl-ping-replica-period', '1', ...(shape.settings ?? [])];
    const kinds = [...shape.masters, ...shape.replicas.flat()];
    const perMaster = shape.replicas.length;
    const nodes = await startRedisCluster(shape.masters.length, {
      replicas: perMaster,
      program: (index) => (kinds[index] === 'bundled' ? BUNDLED : undefined),
      extraArgs: (index) => [...common, ...(bus === undefined ? [] : ['--cluster-announce-bus-port', String(bus.portOf(index))])],
      started: (index, node) => bus?.leadTo(index, node.port + BUS_PORT),
    });
    const members = await Promise.all(nodes.nodes.map((node, i) => MixedMember.of(kinds[i] ?? 'real', node)));
    bus?.know(members.map(({ id }) => id));
    return new MixedCluster(members);
  }

  member(index: number): MixedMember {
    const found = this.members[index];
    if (found === undefined) throw new Error(`no member ${index}`);
    return found;
  }

  get nodes(): readonly RedisNode[] {
    return this.members.map(({ node }) => node);
  }

  /** Addresses for a cluster client. */
  get seeds(): { host: string; port: number }[] {
    return this.members.map(({ node: { host, port } }) => ({ host, port }));
  }

  /** Waits until each of these members reports the cluster state ok and all slots covered. */
  async settled(members: readonly MixedMember[] = this.members, ms = 20_000): Promise<void> {
    for (const member of members) {
      const fine = async (): Promise<boolean> => {
        const info = await member.ask('CLUSTER', 'INFO');
        return info.includes('cluster_state:ok') && info.includes('cluster_slots_ok:16384');
      };
      await waitFor(fine, `${member.kind} ${member.node.address} to be ok`, ms);
    }
  }

  /** Waits until a member has a role; the ms it took. */
  async becomes(member: MixedMember, role: string, ms = 20_000): Promise<number> {
    const start = Date.now();
    try {
      await waitFor(async () => (await member.role()) === role, `${member.kind} ${member.node.address} to be ${role === 'master' ? role : `a replica of ${role}`}`, ms);
    } catch (error) {
      throw new Error(`${(error as Error).message}\n${this.logs()}`, { cause: error });
    }
    return Date.now() - start;
  }

  /** Waits until a replica has everything of its master. */
  async synced(member: MixedMember, ms = 20_000): Promise<void> {
    await waitFor(async () => (await member.ask('INFO', 'replication')).includes('master_link_status:up'), `${member.kind} ${member.node.address} to be in sync`, ms);
  }

  /**
   * Waits until every running member sees one as the replica of the other. Until its master knows the role, it
   * refuses the replica's manual failover; until the other masters know it, they do not vote for the replica.
   */
  async seesReplica(replica: MixedMember, master: MixedMember): Promise<void> {
    for (const member of this.members) {
      const seen = async (): Promise<boolean> => {
        const line = (await member.ask('CLUSTER', 'NODES')).split('\n').find((text) => text.startsWith(replica.id)) ?? '';
        return line.split(' ')[3] === master.id;
      };
      await waitFor(seen, `${member.kind} ${member.node.address} to see ${replica.node.address} as a replica of ${master.node.address}`);
    }
  }

  /** All logs, for the message of a failed test. */
  logs(): string {
    return this.members.map(({ kind, node }) => `== ${kind} ${node.address}\n${node.log()}`).join('\n');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const { link } of this.members) link.close();
    await Promise.all(this.members.map(({ node }) => node.stop()));
  }
}
