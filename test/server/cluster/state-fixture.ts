// A cluster state for tests of single rules: no sockets, and time advances only on request.
import type { ClusterSettings } from '../../../src/server/cluster/state/cluster-config.js';
import { DEFAULT_SETTINGS } from '../../../src/server/cluster/state/cluster-config.js';
import { SLOTS } from '../../../src/server/cluster/wire/constants.js';
import type { Effect } from '../../../src/server/cluster/state/effect.js';
import { NodeFlag } from '../../../src/server/cluster/state/flags.js';
import type { Link } from '../../../src/server/cluster/state/node-record.js';
import { NodeRecord } from '../../../src/server/cluster/state/node-record.js';
import type { Packet, PacketBody, PacketHeader } from '../../../src/server/cluster/wire/packet.js';
import { NO_SLOTS, SlotBitmap } from '../../../src/server/cluster/wire/slot-bitmap.js';
import { ClusterState } from '../../../src/server/cluster/state/state.js';
import { step } from '../../../src/server/cluster/rules/step.js';
import { StepContext } from '../../../src/server/cluster/state/step-context.js';
import { seededRandom } from '../../../src/server/runtime/random.js';

export type MutableSettings = { -readonly [K in keyof ClusterSettings]: ClusterSettings[K] };

/** An id made of one character. */
export const id = (char: string): string => char.repeat(40);

export function slotBytes(...slots: number[]): Uint8Array {
  const bitmap = new SlotBitmap();
  for (const slot of slots) bitmap.add(slot);
  return bitmap.share();
}

export class Fixture {
  readonly settings: MutableSettings = { ...DEFAULT_SETTINGS };
  readonly keys = new Map<number, number>();
  /** State of the replication link. */
  offset = 77;
  dataAge = 0;
  now = 1_700_000_000_000;
  readonly state: ClusterState;

  constructor(own = id('m')) {
    const env = {
      settings: this.settings,
      data: { countKeysInSlot: (slot: number): number => this.keys.get(slot) ?? 0, isEmpty: (): boolean => this.keys.size === 0 },
      random: seededRandom(1),
      port: 7000,
      cport: 17000,
      replOffset: (): number => this.offset,
      dataAgeMs: (): number => this.dataAge,
    };
    this.state = new ClusterState(env, this.now, own);
    this.state.myself.ip = '10.0.0.1';
  }

  /** A known, linked node with an inbound link that is bound to it. */
  node(char: string, flags: number = NodeFlag.master): NodeRecord {
    const node = new NodeRecord(id(char), flags, this.now);
    node.setAddress({ ip: `10.0.0.${char.charCodeAt(0)}`, port: 7000, pport: 0, cport: 17000 });
    this.state.add(node);
    node.link = this.state.newLink(false, node, this.now);
    node.inboundLink = this.state.newLink(true, node, this.now);
    node.pongReceived = this.now;
    node.dataReceived = this.now;
    return node;
  }

  replicaOf(char: string, master: NodeRecord): NodeRecord {
    const node = this.node(char, NodeFlag.replica);
    this.state.attachToMaster(node, master);
    return node;
  }

  own(node: NodeRecord, from: number, to = from): void {
    for (let slot = from; slot <= to; slot++) this.state.slots.assign(slot, node);
  }

  /** All slots ours, state ok. */
  serve(): void {
    this.own(this.state.myself, 0, SLOTS - 1);
    this.state.ok = true;
  }

  inStep<T>(operation: (context: StepContext) => T): { result: T; effects: Effect[] } {
    const context = new StepContext(this.state, this.now);
    const result = operation(context);
    return { result, effects: context.finish() };
  }

  header(sender: string, over: Partial<PacketHeader> = {}): PacketHeader {
    return {
      type: 0, port: 7000, pport: 0, cport: 17000, currentEpoch: 0, configEpoch: 0, offset: 0, sender, slots: NO_SLOTS, slaveof: '', ip: '', flags: NodeFlag.master,
      state: 0, mflags: 0, ...over,
    };
  }

  /** A packet arrives on a link, by default the sender's inbound one. */
  receive(sender: NodeRecord, over: Partial<PacketHeader> = {}, body: PacketBody = { kind: 'gossip', entries: [], extensions: [] }, link?: Link): Effect[] {
    const claims = { slots: sender.claimant.slots.share(), configEpoch: sender.claimant.configEpoch, slaveof: sender.master?.id ?? '', flags: sender.flags, ip: sender.ip };
    const packet = { header: this.header(sender.id, { ...claims, ...over }), body };
    return step(this.state, { kind: 'packet', link: link ?? sender.inboundLink!, packet }, this.now);
  }
}

export function sent(effects: readonly Effect[]): { to: string | undefined; packet: Packet }[] {
  return effects.flatMap((effect) => (effect.kind === 'send' ? [{ to: effect.link.node?.id, packet: effect.packet }] : []));
}

export function kinds(effects: readonly Effect[]): string[] {
  return effects.filter((effect) => effect.kind !== 'log').map((effect) => effect.kind);
}
