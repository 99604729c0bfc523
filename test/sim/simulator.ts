// Many cluster state machines in one virtual network and time: delays, lost messages, partitions, crashes. The same
// step() runs here as behind real sockets; only its effects are carried out differently.
import type { ClusterSettings } from '../../src/server/cluster/cluster-config.js';
import { DEFAULT_SETTINGS } from '../../src/server/cluster/cluster-config.js';
import { CRON_PERIOD_MS } from '../../src/server/cluster/constants.js';
import { decodePacket, encodePacket } from '../../src/server/cluster/codec.js';
import type { ClusterEvent, Effect } from '../../src/server/cluster/effect.js';
import type { Link } from '../../src/server/cluster/node-record.js';
import type { Packet } from '../../src/server/cluster/packet.js';
import { ClusterState } from '../../src/server/cluster/state.js';
import { step } from '../../src/server/cluster/step.js';
import { Turn } from '../../src/server/cluster/turn.js';
import type { Random } from '../../src/server/random.js';
import { seededRandom } from '../../src/server/random.js';
import { EventQueue } from './event-queue.js';

/** Virtual time starts here, so that gossiped seconds look like real ones. */
const EPOCH_MS = 1_700_000_000_000;

interface Side {
  readonly member: Member;
  readonly link: Link;
}

/** Both ends of one connection; messages of one direction never overtake each other. */
interface Wire {
  readonly ends: [Side, Side | null];
  lastDelivery: [number, number];
}

export interface NetworkConditions {
  /** Share of messages lost, 0..1. Real links would be reset instead; losing silently is the harder case. */
  loss: number;
  /** Bounds of the delay of a message, ms. */
  delay: readonly [number, number];
  /** Packets go through the codec (slower) with this probability. */
  encoded: number;
}

/** One simulated node. */
export class Member {
  readonly wires = new Map<Link, Wire>();
  readonly keys = new Map<number, number>();
  readonly log: string[] = [];
  readonly published: string[] = [];
  alive = true;
  saves = 0;
  /** Members of different groups cannot talk; null: everybody with everybody. */
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
    const env = {
      settings: this.sim.settings,
      data: {
        countKeysInSlot: (slot: number): number => this.keys.get(slot) ?? 0,
        isEmpty: (): boolean => this.keys.size === 0,
      },
      random: this.sim.random,
      port: 7000,
      cport: 17000,
      replOffset: (): number => 0,
    };
    return new ClusterState(env, this.sim.now);
  }

  /** Lets an administrator's operation happen on this node. */
  administer<T>(operation: (turn: Turn) => T): T {
    const turn = new Turn(this.state, this.sim.now);
    const result = operation(turn);
    this.sim.carryOut(this, turn.finish());
    return result;
  }
}

export class Simulator {
  readonly queue = new EventQueue();
  readonly random: Random;
  readonly members: Member[] = [];
  readonly settings: ClusterSettings;
  readonly conditions: NetworkConditions = { loss: 0, delay: [1, 5], encoded: 0 };
  packets = 0;

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
      this.scheduleCron(member, this.now + this.random.below(CRON_PERIOD_MS));
    }
  }

  get now(): number {
    return this.queue.now;
  }

  run(ms: number): void {
    this.queue.runUntil(this.now + ms);
  }

  /** Runs until the condition holds, looking every 500 ms; the virtual ms it took. Fails with the seed after `limit`. */
  runUntil(condition: () => boolean, limit: number, what: string): number {
    const start = this.now;
    while (!condition()) {
      if (this.now - start > limit) throw new Error(`seed ${this.seed}: ${what} did not happen in ${limit} virtual ms`);
      this.run(500);
    }
    return this.now - start;
  }

  /** The process ends without a word: its connections break. */
  crash(member: Member): void {
    member.alive = false;
    for (const [link, wire] of [...member.wires]) this.dropWire(member, link, wire);
  }

  private scheduleCron(member: Member, at: number): void {
    this.queue.at(at, () => {
      if (member.alive) this.happen(member, { kind: 'cron' });
      this.scheduleCron(member, at + CRON_PERIOD_MS);
    });
  }

  private happen(member: Member, event: ClusterEvent): void {
    this.carryOut(member, step(member.state, event, this.now));
  }

  carryOut(member: Member, effects: readonly Effect[]): void {
    for (const effect of effects) {
      if (effect.kind === 'send') this.transmit(member, effect.link, effect.packet);
      else if (effect.kind === 'connect') this.connect(member, effect.link, effect.ip);
      else if (effect.kind === 'close') this.closeLink(member, effect.link);
      else if (effect.kind === 'save') member.saves++;
      else if (effect.kind === 'deleteSlotKeys') member.keys.delete(effect.slot);
      else if (effect.kind === 'publish') member.published.push(`${effect.channel}=${effect.message}`);
      else if (effect.kind === 'log') member.log.push(effect.text);
    }
  }

  private delay(): number {
    const [from, to] = this.conditions.delay;
    return from + this.random.next() * (to - from);
  }

  private reachable(a: Member, b: Member): boolean {
    return a.alive && b.alive && (a.group === null || b.group === null || a.group === b.group);
  }

  private connect(member: Member, link: Link, ip: string): void {
    const target = this.members.find((one) => one.ip === ip);
    const wire: Wire = { ends: [{ member, link }, null], lastDelivery: [0, 0] };
    member.wires.set(link, wire);
    this.queue.at(this.now + this.delay(), () => {
      if (link.closed || !member.alive) return;
      if (target === undefined || !target.alive) {
        member.wires.delete(link);
        this.happen(member, { kind: 'linkDown', link });
      } else if (this.reachable(member, target)) {
        this.establish(wire, target);
      } // else: the connection attempt hangs in the partition until somebody gives up
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

  /** What was sent on connections that are not established yet. */
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
    if (this.random.next() < this.conditions.loss) return;
    const at = Math.max(this.now + this.delay(), wire.lastDelivery[direction]);
    wire.lastDelivery[direction] = at;
    const received = this.random.next() < this.conditions.encoded ? throughCodec(packet) : packet;
    this.queue.at(at, () => {
      if (to.link.closed || !this.reachable(member, to.member)) return;
      this.packets++;
      to.member.state.countReceived(received.header.type);
      this.happen(to.member, { kind: 'packet', link: to.link, packet: received });
    });
  }

  private closeLink(member: Member, link: Link): void {
    this.waiting.delete(link);
    const wire = member.wires.get(link);
    if (wire !== undefined) this.dropWire(member, link, wire);
  }

  /** The other end learns of it a little later, also across a partition: keepalive would tell it in the end. */
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
