// Bytes of bus packets: the vectors of cluster-node.md 10, round trips, and hostile input.
import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodePacket, encodePacket } from '../../../src/server/cluster/wire/codec.js';
import { FramingError, PacketFramer } from '../../../src/server/cluster/wire/framing.js';
import type { Packet, PacketBody, PacketHeader, PingExtension } from '../../../src/server/cluster/wire/packet.js';
import { SlotBitmap } from '../../../src/server/cluster/wire/slot-bitmap.js';

const ID = '0123456789abcdef0123456789abcdef01234567';
const ID2 = '89abcdef0123456789abcdef0123456789abcdef';

function bitmap(...slots: number[]): Uint8Array {
  const map = new SlotBitmap();
  for (const slot of slots) map.add(slot);
  return map.share();
}

const HEADER: PacketHeader = {
  type: 0,
  port: 7001,
  cport: 17001,
  pport: 0,
  currentEpoch: 5,
  configEpoch: 3,
  offset: 1234,
  sender: ID,
  slots: bitmap(0, 1, 2, 5, 16383),
  slaveof: '',
  ip: '',
  flags: 17,
  state: 0,
  mflags: 0,
};
const GOSSIP = { id: ID2, pingSent: 0, pongReceived: 1700000000, ip: '10.0.0.2', port: 7002, cport: 17002, flags: 2, pport: 0 };

function packet(body: PacketBody, over: Partial<PacketHeader>): Packet {
  return { header: { ...HEADER, ...over }, body };
}

const VECTORS: [name: string, length: number, sha256: string, packet: Packet][] = [
  ['PING', 2360, 'c4329790a03d3c2849ccea9d9b597b9fe1386efed8452938ca59c6d982196712', packet({ kind: 'gossip', entries: [GOSSIP], extensions: [] }, {})],
  [
    'PONG with SHARDID',
    2408,
    '6aa283d85171025d5226c36db1c7730dae996cd07a14e64c3b34ac6f09ae3ebd',
    packet(
      { kind: 'gossip', entries: [GOSSIP], extensions: [{ kind: 'shardId', id: 'fedcba9876543210fedcba9876543210fedcba98' }] },
      { type: 1, mflags: 4 },
    ),
  ],
  ['FAIL', 2296, 'cfd1c33f939f5c1200ef3776c26810801f6277b67375aff33eb3594b9616557c', packet({ kind: 'fail', id: ID2 }, { type: 3 })],
  [
    'AUTH_REQUEST',
    2256,
    'f0b48ca630b41844980cd77001c702a5ba1522b494287b1ddf548438ebbfa7be',
    packet({ kind: 'empty' }, { type: 5, slaveof: ID2, flags: 18, mflags: 2 }),
  ],
  [
    'UPDATE',
    4352,
    '6191e91202f672c681f0777709597553f66bf9f7a9e8354253f2ccdbaf82c386',
    packet({ kind: 'update', id: ID2, configEpoch: 9, slots: bitmap(...Array.from({ length: 100 }, (_, i) => i)) }, { type: 7 }),
  ],
  ['PUBLISH', 2273, 'b942837413ce064a8b1eb1a5a04d1e6916e218769703c47ef329f25c08ae2cad', packet({ kind: 'publish', channel: 'news', message: 'hello' }, { type: 4 })],
];

describe('packet codec', () => {
  it.each(VECTORS)('encodes %s to the known bytes and back', (_name, length, sha256, given) => {
    const bytes = encodePacket(given);
    expect(bytes.length).toBe(length);
    expect(createHash('sha256').update(bytes).digest('hex')).toBe(sha256);
    const decoded = decodePacket(bytes);
    if (!('packet' in decoded)) throw new Error(decoded.invalid);
    expect(encodePacket(decoded.packet).equals(bytes)).toBe(true);
  });

  it('writes extensions as the specification shows them', () => {
    const extensions: PingExtension[] = [
      { kind: 'hostname', text: 'host-1.com' },
      { kind: 'forgotten', id: ID2, seconds: 60 },
    ];
    const bytes = encodePacket(packet({ kind: 'gossip', entries: [], extensions }, { mflags: 4 }));
    expect(bytes.subarray(2256, 2280).toString('hex')).toBe('0000001800000000686f73742d312e636f6d000000000000');
    expect(bytes.subarray(2280).toString('hex')).toBe(`0000003800020000${Buffer.from(ID2).toString('hex')}000000000000003c`);
  });

  it('ignores wrong versions, wrong lengths and extensions with invalid lengths, and never throws', () => {
    const good = encodePacket(packet({ kind: 'gossip', entries: [GOSSIP], extensions: [{ kind: 'shardId', id: ID }] }, { mflags: 4 }));
    const spoiled = (change: (bytes: Buffer) => void): boolean => {
      const bytes = Buffer.from(good);
      change(bytes);
      return 'invalid' in decodePacket(bytes);
    };
    expect(spoiled(() => undefined)).toBe(false);
    expect(spoiled((b) => b.writeUInt16BE(2, 8))).toBe(true);
    expect(spoiled((b) => b.writeUInt16BE(9, 14))).toBe(true);
    expect(spoiled((b) => b.writeUInt16BE(65535, 14))).toBe(true);
    expect(spoiled((b) => b.writeUInt16BE(2, 2214))).toBe(true);
    expect(spoiled((b) => b.writeUInt32BE(47, 2360))).toBe(true);
    expect(spoiled((b) => b.writeUInt32BE(0, 2360))).toBe(true);
    expect(spoiled((b) => b.writeUInt32BE(0xffff_fff8, 2360))).toBe(true);
    expect(spoiled((b) => b.writeUInt8(0, 2253))).toBe(true);
    expect(spoiled((b) => b.writeUInt32BE(0xff00_0000, 16))).toBe(true);
    expect(spoiled((b) => b.writeUInt32BE(100, 4))).toBe(true);
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(good.length - 1), fc.nat(255)), { maxLength: 12 }), (edits) => {
        const bytes = Buffer.from(good);
        for (const [at, value] of edits) bytes[at] = value;
        decodePacket(bytes);
      }),
    );
  });

  it('keeps binary channels and messages unchanged', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 50 }), fc.uint8Array({ maxLength: 500 }), (channel, message) => {
        const body = { kind: 'publish', channel: Buffer.from(channel).toString('latin1'), message: Buffer.from(message).toString('latin1') } as const;
        const decoded = decodePacket(encodePacket(packet(body, { type: 10 })));
        expect('packet' in decoded && decoded.packet.body).toEqual(body);
      }),
    );
  });
});

describe('packet framer', () => {
  const stream = Buffer.concat(VECTORS.map(([, , , given]) => encodePacket(given)));

  it('gives the same packets however the stream is split', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(stream.length), { maxLength: 30 }), (cuts) => {
        const framer = new PacketFramer();
        const packets: Buffer[] = [];
        let from = 0;
        for (const to of [...cuts.sort((a, b) => a - b), stream.length]) {
          packets.push(...framer.feed(stream.subarray(from, to)));
          from = to;
        }
        expect(packets.map((p) => p.length)).toEqual(VECTORS.map(([, length]) => length));
        expect(Buffer.concat(packets).equals(stream)).toBe(true);
      }),
    );
  });

  it('refuses other protocols and absurd lengths', () => {
    const lying = (length: number, type: number): Buffer => {
      const bytes = Buffer.from(stream.subarray(0, 100));
      bytes.writeUInt32BE(length, 4);
      bytes.writeUInt16BE(type, 12);
      return bytes;
    };
    expect(() => new PacketFramer().feed(Buffer.from('GET / HTTP/1.1\r\n'))).toThrow(FramingError);
    expect(() => new PacketFramer().feed(lying(2255, 0))).toThrow(FramingError);
    expect(() => new PacketFramer().feed(lying(0xffff_ffff, 4))).toThrow(FramingError);
    expect(() => new PacketFramer().feed(lying(9_000_000, 0))).toThrow(FramingError);
    expect(new PacketFramer().feed(lying(9_000_000, 4))).toEqual([]);
  });
});
