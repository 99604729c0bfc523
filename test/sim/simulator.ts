// Many cluster state machines in one virtual network and time: delays, lost messages, partitions, crashes, restarts, and
// replication as a number that grows on masters and is copied by replicas. The same
// step() runs here as with real sockets; only its effects are carried out differently.
import type { ClusterEnvironment, ClusterSettings } from '../../src/server/cluster/state/cluster-config.js';
import { DEFAULT_SETTINGS } from '../../src/server/cluster/state/cluster-config.js';
import { CRON_PERIOD_MS } from '../../src/server/cluster/wire/constants.js';
import { HEADER_BYTES } from '../../src/server/cluster/wire/codec-header.js';
import { bodyBytes, decodePacket, encodePacket } from '../../src/server/cluster/wire/codec.js';
import type { ClusterEvent, Effect } from '../../src/server/cluster/state/effect.js';
import type { Link } from '../../src/server/cluster/state/node-record.js';
import type { Packet } from '../../src/server/cluster/wire/packet.js';
import { ClusterState } from '../../src/server/cluster/state/state.js';
import { step } from '../../src/server/cluster/rules/step.js';
import { StepContext } from '../../src/server/cluster/state/step-context.js';
import type { Random } from '../../src/server/runtime/random.js';
import { formatNodesConf, parseNodesConf } from '../../src/server/cluster/views/nodes-conf.js';
import { ModelledReplication } from './modelled-replication.js';
import { seededRandom } from '../../src/server/runtime/random.js';
import { EventQueue } from './event-queue.js';

/** Virtual time starts here, so that gossiped seconds look like real ones. */
const EPOCH_MS = 1_700_000_000_000;

interface Side {
  readonly member: Member;
  readonly link: Link;
}

/** Both ends of one connection; messages of one direction overtake each other only where conditions say so. */
interface Wire {
  readonly ends: [Side, Side | null];
  lastDelivery: [number, number];
  readonly conditions: LinkConditions;
}

/** What happens to the messages of one connection. */
export interface LinkConditions {
  /** Share of messages lost, 0..1. Real links would be reset instead; losing silently is the harder case. */
  readonly loss: number;
  /** Bounds of the delay of a message, ms. */
  readonly delay: readonly [number, number];
  /** Share of messages that may overtake others, 0..1. TCP never does this; it is the harder case. */
  readonly reordered: number;
}

export interface NetworkConditions {
  /** As LinkConditions, for all links. */
  loss: number;
  delay: readonly [number, number];
  /** Conditions that a new connection gets on top of these. */
  perLink: (() => LinkConditions) | null;
  /** Packets go through the codec (slower) with this probability. */
  encoded: number;
}

/** One simulated node. */
export class Member {
  readonly wires = new Map<Link, Wire>();
  readonly keys = new Map<number, number>();
  readonly log: string[] = [];
  readonly published: string[] = [];
  /** nodes.conf as it would be read after a restart, and after a power loss: what the last fsync made safe. */
  readonly disk = { latest: '', synced: '' };
  readonly replication = new ModelledReplication();
  alive = true;
  saves = 0;
  startedAt = 0;
  /** Members of different groups cannot reach each other; null: all can. */
  group: number | null = null;
  state: ClusterState;

  constructor(
    readonly index: number,
    readonly ip: string,
    readonly sim: Simulator,
  ) {
    this.state = this.freshState();
  }

  freshState(): ClusterState {
    return new ClusterState(this.environment(), this.sim.now);
  }

  environment(): ClusterEnvironment {
    return {
      settings: this.sim.settings,
      data: {
        countKeysInSlot: (slot: number): number => this.keys.get(slot) ?? 0,
        isEmpty: (): boolean => this.keys.size === 0,
      },
      random: this.sim.random,
      port: 7000,
      cport: 17000,
      replOffset: (): number => this.replication.offset,
      dataAgeMs: (): number => (this.state.myself.isMaster ? 0 : this.sim.now - this.replication.heardAt),
    };
  }

  get id(): string {
    return this.state.myself.id;
  }

  /** Whether a client's write would be accepted for some slot. */
  get acceptsWrites(): boolean {
    const { state } = this;
    return this.alive && state.ok && state.myself.isMaster && state.myself.slots.count > 0 && this.replication.pausedUntil < this.sim.now;
  }

  /** Runs an administrator's operation on this node. */
  administer<T>(operation: (context: StepContext) => T): T {
    const context = new StepContext(this.state, this.sim.now);
    const result = operation(context);
    this.sim.carryOut(this, context.finish());
    return result;
  }
}

export class Simulator {
  readonly queue = new EventQueue();
  readonly random: Random;
  readonly members: Member[] = [];
  readonly settings: ClusterSettings;
  readonly conditions: NetworkConditions = { loss: 0, delay: [1, 5], perLink: null, encoded: 0 };
  /** Members write nodes.conf at every save, so that they can be restarted. */
  durable = false;
  /** Called for each replica that won an election, before its packets are sent. */
  onElected: (member: Member, epoch: number) => void = () => undefined;
  packets = 0;
  /** Bytes of the packets received, as on the wire. */
  bytes = 0;
  private readonly byIp = new Map<string, Member>();

  constructor(
    count: number,
    readonly seed: number,
    settings: Partial<ClusterSettings> = {},
  ) {
    this.random = seededRandom(seed);
    this.settings = { ...DEFAULT_SETTINGS, ...settings };
    this.queue.now = EPOCH_MS;
    for (let i = 0; i < count; i++) {
      const member = new Member(i, `10.0.${i >> 8}.${i & 255}`, this);
      this.members.push(member);
      this.byIp.set(member.ip, member);
      this.scheduleCron(member, this.now + this.random.below(CRON_PERIOD_MS));
    }
  }

  get now(): number {
    return this.queue.now;
  }

  run(ms: number): void {
    this.queue.runUntil(this.now + ms);
  }

  /** Runs until the condition holds, checked every 500 ms; returns the virtual ms it took. Fails with the seed after `limit`. */
  runUntil(condition: () => boolean, limit: number, what: string): number {
    const start = this.now;
    while (!condition()) {
      if (this.now - start > limit) throw new Error(`seed ${this.seed}: ${what} did not happen in ${limit} virtual ms`);
      this.run(500);
    }
    return this.now - start;
  }

  /** The process is killed: its connections break. */
  crash(member: Member): void {
    member.alive = false;
    for (const [link, wire] of [...member.wires]) this.dropWire(member, link, wire);
  }

  /** The process starts again with the nodes.conf it left, or with the one a power loss left. Its data set is intact. */
  restart(member: Member, afterPowerLoss: boolean): void {
    const { disk } = member;
    if (afterPowerLoss) disk.latest = disk.synced;
    member.state = parseNodesConf(disk.latest, member.environment(), this.now);
    member.replication.restart();
    member.startedAt = this.now;
    member.alive = true;
  }

  /** Breaks established connections, as a reset would. */
  breakLinks(chosen: () => boolean): void {
    for (const member of this.members) {
      for (const [link, wire] of [...member.wires]) {
        if (wire.ends[0].link !== link || wire.ends[1] === null || !chosen()) continue;
        this.dropWire(member, link, wire);
        this.happen(member, { kind: 'linkDown', link });
      }
    }
  }

  /** The member that listens on an address. */
  at(ip: string): Member | undefined {
    return this.byIp.get(ip);
  }

  private scheduleCron(member: Member, at: number): void {
    this.queue.at(at, () => {
      if (member.alive) {
        this.replicate(member);
        this.happen(member, { kind: 'cron' });
      }
      this.scheduleCron(member, at + CRON_PERIOD_MS);
    });
  }

  /** A master that accepts writes produces some; a replica that reaches its master gets all but the latest. */
  private replicate(member: Member): void {
    const { replication } = member;
    const source = this.byIp.get(replication.source);
    if (source === undefined) replication.write(member.acceptsWrites ? 1 + this.random.below(20) : 0);
    else if (this.reachable(member, source)) replication.copy(source.replication, this.now);
  }

  private happen(member: Member, event: ClusterEvent): void {
    this.carryOut(member, step(member.state, event, this.now));
  }

  carryOut(member: Member, effects: readonly Effect[]): void {
    for (const effect of effects) {
      if (effect.kind === 'send') this.transmit(member, effect.link, effect.packet);
      else if (effect.kind === 'connect') this.connect(member, effect.link, effect.ip);
      else if (effect.kind === 'close') this.closeLink(member, effect.link);
      else if (effect.kind === 'save') this.save(member, effect.fsync);
      else if (effect.kind === 'replicate') member.replication.follow(effect.ip);
      else if (effect.kind === 'promote') this.promoted(member);
      else if (effect.kind === 'pauseWrites') member.replication.pausedUntil = effect.until;
      else if (effect.kind === 'resumeWrites') member.replication.pausedUntil = 0;
      else if (effect.kind === 'flushData') member.keys.clear();
      else if (effect.kind === 'deleteSlotKeys') member.keys.delete(effect.slot);
      else if (effect.kind === 'publish') member.published.push(`${effect.channel}=${effect.message}`);
      else if (effect.kind === 'log') member.log.push(effect.text);
    }
  }

  private save(member: Member, fsync: boolean): void {
    member.saves++;
    if (!this.durable) return;
    member.disk.latest = formatNodesConf(member.state);
    if (fsync) member.disk.synced = member.disk.latest;
  }

  private promoted(member: Member): void {
    member.replication.follow('');
    const { election, myself } = member.state;
    if (election.sent && myself.configEpoch === election.epoch) this.onElected(member, election.epoch);
  }

  private delay([from, to] = this.conditions.delay): number {
    return from + this.random.next() * (to - from);
  }

  /** Whether a message from `a` arrives at `b`. */
  reachable(a: Member, b: Member): boolean {
    return a.alive && b.alive && (a.group === null || b.group === null || a.group === b.group);
  }

  private connect(member: Member, link: Link, ip: string): void {
    const target = this.byIp.get(ip);
    const conditions = this.conditions.perLink?.() ?? { loss: 0, delay: [0, 0], reordered: 0 };
    const wire: Wire = { ends: [{ member, link }, null], lastDelivery: [0, 0], conditions };
    member.wires.set(link, wire);
    this.queue.at(this.now + this.delay(), () => {
      if (link.closed || !member.alive) return;
      if (target === undefined || !target.alive) {
        member.wires.delete(link);
        this.happen(member, { kind: 'linkDown', link });
      } else if (this.reachable(member, target)) {
        this.establish(wire, target);
      } // else: the connection attempt hangs in the partition until one side gives up
    });
  }

  private establish(wire: Wire, target: Member): void {
    const [{ member, link }] = wire.ends;
    const accepted = target.state.newLink(true, null, this.now);
    accepted.remoteIp = member.ip;
    accepted.localIp = target.ip;
    wire.ends[1] = { member: target, link: accepted };
    target.wires.set(accepted, wire);
    link.localIp = member.ip;
    link.remoteIp = target.ip;
    const early = this.waiting.get(link) ?? [];
    this.waiting.delete(link);
    for (const packet of early) this.transmit(member, link, packet);
    this.happen(member, { kind: 'linkUp', link });
  }

  /** Packets sent on connections that are not established yet. */
  private readonly waiting = new Map<Link, Packet[]>();

  private transmit(member: Member, link: Link, packet: Packet): void {
    const wire = member.wires.get(link);
    if (wire === undefined) return;
    const direction = wire.ends[0].link === link ? 0 : 1;
    const to = wire.ends[direction === 0 ? 1 : 0];
    if (to === null) {
      this.waiting.set(link, [...(this.waiting.get(link) ?? []), packet]);
      return;
    }
    const { loss, delay, reordered } = wire.conditions;
    if (this.random.next() < this.conditions.loss || this.random.next() < loss) return;
    const earliest = this.random.next() < reordered ? 0 : wire.lastDelivery[direction];
    const at = Math.max(this.now + this.delay() + this.delay(delay), earliest);
    wire.lastDelivery[direction] = Math.max(at, wire.lastDelivery[direction]);
    const received = this.random.next() < this.conditions.encoded ? throughCodec(packet) : packet;
    this.queue.at(at, () => {
      if (to.link.closed || to.member.wires.get(to.link) !== wire || !this.reachable(member, to.member)) return;
      this.packets++;
      this.bytes += HEADER_BYTES + bodyBytes(received.body);
      to.member.state.countReceived(received.header.type);
      this.happen(to.member, { kind: 'packet', link: to.link, packet: received });
    });
  }

  private closeLink(member: Member, link: Link): void {
    this.waiting.delete(link);
    const wire = member.wires.get(link);
    if (wire !== undefined) this.dropWire(member, link, wire);
  }

  /** The other end detects it a little later, also across a partition, where a real one would need keepalive. */
  private dropWire(member: Member, link: Link, wire: Wire): void {
    member.wires.delete(link);
    const other = wire.ends[0].link === link ? wire.ends[1] : wire.ends[0];
    if (other === null) return;
    this.queue.at(this.now + this.delay(), () => {
      if (!other.member.wires.delete(other.link) || !other.member.alive || other.link.closed) return;
      this.happen(other.member, { kind: 'linkDown', link: other.link });
    });
  }
}

function throughCodec(packet: Packet): Packet {
  const decoded = decodePacket(encodePacket(packet));
  if ('packet' in decoded) return decoded.packet;
  throw new Error(`our own packet is invalid: ${decoded.invalid}`);
}
