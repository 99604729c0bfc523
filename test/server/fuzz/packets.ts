// Real bus packets of five peers, and random damage to them.
import { encodePacket } from '../../../src/server/cluster/wire/codec.js';
import { GOSSIP_BYTES } from '../../../src/server/cluster/wire/codec-gossip.js';
import { HEADER_BYTES } from '../../../src/server/cluster/wire/codec-header.js';
import { MessageType } from '../../../src/server/cluster/wire/constants.js';
import { NodeFlag } from '../../../src/server/cluster/state/flags.js';
import { broadcastFail, broadcastPublish, sendMeet, sendPing, sendPong, sendUpdate, sendVote } from '../../../src/server/cluster/rules/messages.js';
import type { Random } from '../../../src/server/runtime/random.js';
import { Fixture, id } from '../cluster/state-fixture.js';

/** Ids of the peers, and of the node that is fuzzed. */
export const PEERS = ['a', 'b', 'c', 'd', 'e'];
export const OWN = '0';

/** A state of one of them: three masters with a third of the slots each, `d` and `e` replicate `a` and `b`. */
export function clusterOf(own: string): Fixture {
  const fixture = new Fixture(id(own));
  fixture.settings.announceIp = `10.0.0.${own.charCodeAt(0)}`;
  fixture.settings.announceHostname = `host-${own}`;
  fixture.state.refreshMyself();
  for (const char of [OWN, ...PEERS]) if (char !== own) fixture.node(char, char === 'd' || char === 'e' ? NodeFlag.replica : NodeFlag.master);
  const record = (char: string) => fixture.state.lookup(id(char))!;
  for (const [char, master] of [['d', 'a'], ['e', 'b']] as const) {
    if (char === own) record(char).flags = NodeFlag.myself | NodeFlag.replica;
    fixture.state.attachToMaster(record(char), record(master));
  }
  fixture.own(record(OWN), 0, 5460);
  fixture.own(record('a'), 5461, 10_922);
  fixture.own(record('b'), 10_923, 16_383);
  let epoch = 0;
  for (const char of [OWN, 'a', 'b', 'c']) record(char).configEpoch = ++epoch;
  fixture.state.currentEpoch = epoch;
  fixture.state.ok = true;
  return fixture;
}

/** Every kind of packet, from every peer, as they would send it. */
export function realPackets(): Buffer[] {
  const packets: Buffer[] = [];
  for (const char of PEERS) {
    const fixture = clusterOf(char);
    const other = fixture.state.lookup(id(OWN))!;
    other.takesExtensions = true;
    fixture.state.blacklist.set(id('f'), fixture.now + 50_000);
    const { effects } = fixture.inStep((context) => {
      sendPing(context, other);
      sendPong(context, other.link!);
      sendMeet(context, other.link!);
      broadcastFail(context, fixture.state.lookup(id(char === 'c' ? 'd' : 'c'))!);
      broadcastPublish(context, 'channel', 'a message', false);
      broadcastPublish(context, 'channel', 'a message', true);
      sendUpdate(context, other, fixture.state.lookup(id('a'))!);
      sendVote(context, other);
    });
    for (const effect of effects) if (effect.kind === 'send') packets.push(encodePacket(effect.packet));
    const template = packets.at(-1)!;
    for (const type of [MessageType.authRequest, MessageType.mfStart, MessageType.module, 77]) {
      const packet = Buffer.from(template);
      packet.writeUInt16BE(type, 12);
      packets.push(packet);
    }
  }
  return packets;
}

const EXTREMES = [0, 1, 2, 7, 8, 9, 255, 256, 65_535, 0x7fff_ffff, 0x8000_0000, 0xffff_ffff];
/** Fields by offset and width: length, version, port, type, count, epochs, offset, extensions, ports, flags, state. */
const FIELDS: readonly (readonly [number, 1 | 2 | 4])[] = [
  [4, 4], [8, 2], [10, 2], [12, 2], [14, 2], [16, 4], [20, 4], [24, 4], [28, 4], [32, 4], [36, 4], [2214, 2], [2246, 2], [2248, 2], [2250, 2], [2252, 1], [2253, 1],
];
const SENDER = { at: 40, length: 40 };

const of = <T>(random: Random, items: readonly T[]): T => items[random.below(items.length)]!;

function write(packet: Buffer, at: number, width: 1 | 2 | 4, value: number): void {
  if (at + width > packet.length) return;
  if (width === 4) packet.writeUInt32BE(value >>> 0, at);
  else if (width === 2) packet.writeUInt16BE(value & 0xffff, at);
  else packet.writeUInt8(value & 0xff, at);
}

/** A list of extensions whose lengths and kinds are anything. */
function extensions(random: Random): Buffer {
  const parts = Array.from({ length: 1 + random.below(6) }, () => {
    const length = of(random, [0, 4, 7, 8, 16, 24, 48, 56, 64, 72, 1000, 0xffff_fff8, 0xffff_ffff]);
    const part = Buffer.alloc(8 + random.below(80), random.below(256));
    part.writeUInt32BE(random.below(3) === 0 ? part.length : length, 0);
    part.writeUInt16BE(random.below(8), 4);
    return part;
  });
  return Buffer.concat(parts);
}

/** A damaged packet; with `stranger` its sender is an unknown id. */
export function mutate(random: Random, packets: readonly Buffer[], stranger: boolean): Buffer {
  let packet: Buffer = Buffer.from(of(random, packets));
  for (let changes = random.below(4); changes > 0; changes--) packet = change(random, packet, packets);
  if (stranger && packet.length >= SENDER.at + SENDER.length) packet.write(random.hex(SENDER.length), SENDER.at, 'latin1');
  // A wrong length ends the connection at once; mostly it should be right, so that the rest is parsed.
  if (random.below(10) > 0) write(packet, 4, 4, packet.length);
  return packet;
}

function change(random: Random, packet: Buffer, packets: readonly Buffer[]): Buffer {
  switch (random.below(9)) {
    case 0:
      for (let n = 1 + random.below(8); n > 0; n--) packet[random.below(packet.length)] = random.below(256);
      return packet;
    case 1: {
      const [at, width] = of(random, FIELDS);
      write(packet, at, width, of(random, EXTREMES));
      return packet;
    }
    case 2:
      return Buffer.from(packet.subarray(0, random.below(packet.length + 1)));
    case 3:
      return Buffer.concat([packet, Buffer.alloc(random.below(300), random.below(256))]);
    case 4: {
      const list = extensions(random);
      write(packet, 2214, 2, random.below(8));
      write(packet, 2253, 1, packet.length > 2253 ? packet[2253]! | 4 : 0);
      return Buffer.concat([packet, list]);
    }
    case 5: {
      // Another id, an empty one, or one of the cluster, at a position of ids: sender, master, gossip.
      const at = of(random, [SENDER.at, 2128, HEADER_BYTES, HEADER_BYTES + GOSSIP_BYTES]);
      if (at + SENDER.length <= packet.length) packet.write(of(random, [random.hex(40), '\0'.repeat(40), id(of(random, [OWN, ...PEERS])), 'Z'.repeat(40)]), at, 'latin1');
      return packet;
    }
    case 6: {
      // A random gossip entry.
      const other = of(random, packets);
      return Buffer.concat([packet.subarray(0, Math.min(packet.length, HEADER_BYTES)), other.subarray(Math.min(other.length, HEADER_BYTES))]);
    }
    case 7:
      packet.fill(of(random, [0, 0xff, random.below(256)]), Math.min(80, packet.length), Math.min(2128, packet.length));
      return packet;
    default: {
      const at = HEADER_BYTES + random.below(200);
      if (at < packet.length) packet.fill(random.below(256), at, Math.min(packet.length, at + random.below(120)));
      return packet;
    }
  }
}
