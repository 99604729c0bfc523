// The real nodes of an emulated cluster: the owners in the view of each node, whether two nodes can continue a job, and
// the takeover between them. Not here: states of jobs (atomic-jobs.ts), commands of clients (atomic-redis.ts, atomic-valkey.ts).
import type { Connection } from '../../src/client/connection.js';
import type { NodeLine } from '../../src/cluster/nodes-text.js';
import { parseNodesText } from '../../src/cluster/nodes-text.js';
import type { AtomicDesign, Behaviour } from './atomic-cluster.js';
import type { Front } from './atomic-front.js';
import type { Ground, Jobs } from './atomic-jobs.js';
import { isFinal } from './atomic-states.js';
import type { JobRecord } from './atomic-states.js';
import { handOver } from './atomic-takeover.js';
import type { RedisNode } from './redis-server.js';

/** A node with its front, as the emulator sees them. */
export interface Member {
  readonly index: number;
  readonly id: string;
  readonly design: AtomicDesign | undefined;
  readonly real: RedisNode;
  readonly front: Front;
}

/** A node's account of the cluster. */
export interface Account {
  readonly self: NodeLine;
  readonly lines: readonly NodeLine[];
  /** Some slot is open here, and not because of a takeover under way. */
  readonly open: boolean;
}

/** True for a job that keeps this node from another one (redis has one task a node). */
export function occupies(job: JobRecord, id: string): boolean {
  if (job.target === id) return job.targetState !== 'failed';
  return job.source === id && job.sourceState !== '' && !isFinal(job.sourceState);
}

export class RealGround implements Ground {
  private readonly links = new Map<string, Connection>();
  private readonly opened: Connection[] = [];
  jobs: Jobs | undefined;

  constructor(
    readonly members: readonly Member[],
    readonly behaviour: Behaviour,
  ) {}

  member(id: string): Member | undefined {
    return this.members.find((one) => one.id === id);
  }

  /** A connection past the front. */
  private async link(member: Member): Promise<Connection> {
    const known = this.links.get(member.id);
    if (known?.isOpen === true) return known;
    const link = await member.real.connect();
    this.links.set(member.id, link);
    this.opened.push(link);
    return link;
  }

  /** Rejects when the node is gone. */
  async account(member: Member): Promise<Account> {
    const link = await this.link(member);
    const lines = parseNodesText(String(await link.command(['CLUSTER', 'NODES'], { timeoutMs: 5000 })));
    const self = lines.find((line) => line.myself);
    if (self === undefined) throw new Error('a node without a line of its own');
    const moving = this.jobs?.running.filter((job) => job.moving) ?? [];
    const open = [...self.migrating.keys(), ...self.importing.keys()].some((slot) => !moving.some((job) => job.set.has(slot)));
    return { self, lines, open };
  }

  private async accountOf(id: string): Promise<Account | undefined> {
    const member = this.member(id);
    return member === undefined ? undefined : await this.account(member).catch(() => undefined);
  }

  async trouble(job: JobRecord, met: boolean): Promise<string | undefined> {
    const [source, target] = await Promise.all([this.accountOf(job.source), this.accountOf(job.target)]);
    if (source === undefined || target === undefined) return `connection with the ${source === undefined ? 'source' : 'target'} lost`;
    if (source.self.role !== 'master' || target.self.role !== 'master') return `the ${source.self.role === 'master' ? 'target' : 'source'} was demoted`;
    if (job.set.difference(source.self.slots).size > 0) return 'the source has lost slots of this job';
    if (source.open || target.open) return 'slots are open on one of the nodes';
    return met ? this.disagreement(job) : undefined;
  }

  private disagreement(job: JobRecord): string | undefined {
    const leads = job.design === 'redis' ? job.target : job.source;
    const other = leads === job.target ? job.source : job.target;
    if (this.member(other)?.design !== job.design) return 'the other node does not understand the handshake';
    const busy = this.jobs?.running.some((one) => one !== job && occupies(one, other)) ?? false;
    return job.design === 'redis' && busy ? 'another task is in progress on the source' : undefined;
  }

  async hopeless(job: JobRecord): Promise<boolean> {
    return (await this.accountOf(job.target))?.self.role !== 'master';
  }

  async takeOver(job: JobRecord): Promise<number> {
    const [source, target] = [this.member(job.source), this.member(job.target)];
    if (source === undefined || target === undefined) throw new Error('no such node');
    const began = performance.now();
    try {
      await Promise.all([source.front.pause(), target.front.pause()]);
      const [from, to] = [await this.link(source), await this.link(target)];
      await handOver([...job.set], { id: source.id, port: source.real.port, link: from }, { id: target.id, port: target.real.port, link: to }, await this.otherMasters(job));
    } finally {
      source.front.resume();
      target.front.resume();
    }
    return Math.ceil(performance.now() - began);
  }

  private async otherMasters(job: JobRecord): Promise<Connection[]> {
    const found = await Promise.all(
      this.members.map(async (member) => {
        if (member.id === job.source || member.id === job.target) return [];
        const account = await this.account(member).catch(() => undefined);
        return account?.self.role === 'master' ? [await this.link(member)] : [];
      }),
    );
    return found.flat();
  }

  close(): void {
    for (const link of this.opened) link.close();
  }
}
