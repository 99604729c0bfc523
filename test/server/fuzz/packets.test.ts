// A million invalid bus packets (about ten thousand in an ordinary run): whatever sender they name, the state machine stays
// consistent; packets from unknown nodes change nothing of the cluster.
import net from 'node:net';
import { describe, expect, it } from 'vitest';
import { MAX_HANDSHAKES } from '../../../src/server/cluster/wire/constants.js';
import { decodePacket } from '../../../src/server/cluster/wire/codec.js';
import { FramingError, PacketFramer } from '../../../src/server/cluster/wire/framing.js';
import type { Link } from '../../../src/server/cluster/state/node-record.js';
import { formatNodesConf, parseNodesConf } from '../../../src/server/cluster/views/nodes-conf.js';
import type { ClusterState } from '../../../src/server/cluster/state/state.js';
import { step } from '../../../src/server/cluster/rules/step.js';
import { seededRandom } from '../../../src/server/runtime/random.js';
import { BusNode } from '../cluster/bus-node.js';
import type { Fixture } from '../cluster/state-fixture.js';
import { id } from '../cluster/state-fixture.js';
import { waitFor } from '../../support/redis-server.js';
import { OWN, PEERS, clusterOf, mutate, realPackets } from './packets.js';
import { limitFor, rounds, seed } from './seed.js';

/** Number of packets after which a new cluster is made: by then its members have all forgotten each other. */
const FRESH_EVERY = 3000;
/** Records that unknown nodes may cause at once: unanswered handshakes. */
const MAX_RECORDS = MAX_HANDSHAKES + 500;

/** What packets of unknown nodes must not change. Handshakes are not members; the cron runs only between packets. */
function fingerprint(state: ClusterState): string {
  const nodes = state.nodes.filter((node) => !node.inHandshake);
  const seen = nodes.map((node) => `${node.id} ${node.ip}:${node.port}@${node.cport} ${node.flags} ${node.configEpoch} ${node.slots.count} ${node.master?.id ?? '-'} ${node.hostname}`);
  return `${seen.join('\n')} ${state.currentEpoch} ${state.blacklist.size} ${state.slots.assigned} ${state.ok}`;
}

class Fuzz {
  readonly random = seededRandom(seed);
  readonly packets = realPackets();
  fixture: Fixture = clusterOf(OWN);
  private links: Link[] = [];
  strangers = 0;
  decoded = 0;

  /** One packet, cut into chunks as a socket would, over any kind of link. */
  one(): void {
    const { random } = this;
    const stranger = random.below(2) === 0;
    const bytes = mutate(random, this.packets, stranger);
    const framer = new PacketFramer();
    const cut = random.below(bytes.length + 1);
    try {
      for (const chunk of [bytes.subarray(0, cut), bytes.subarray(cut)]) for (const whole of framer.feed(chunk)) this.receive(whole, stranger);
    } catch (error) {
      if (!(error instanceof FramingError)) throw error;
    }
  }

  private receive(bytes: Buffer, stranger: boolean): void {
    const decoded = decodePacket(Buffer.from(bytes));
    if (!('packet' in decoded)) return;
    this.decoded++;
    const { state, now } = this.fixture;
    const known = state.lookup(decoded.packet.header.sender) !== undefined;
    const link = this.link(stranger && !known);
    const unchanged = stranger && !known ? fingerprint(state) : null;
    const effects = step(state, { kind: 'packet', link, packet: decoded.packet }, now);
    for (const effect of effects) if (effect.kind === 'close') effect.link.closed = true;
    if (unchanged !== null) {
      this.strangers++;
      expect(fingerprint(state)).toBe(unchanged);
      expect(effects.some(({ kind }) => kind === 'deleteSlotKeys' || kind === 'publish' || kind === 'slotsLeft' || kind === 'pauseWrites')).toBe(false);
    }
  }

  /** An unbound connection for unknown nodes; for others also those of members, and those to nodes in handshake. */
  private link(unbound: boolean): Link {
    const { random } = this;
    const { state, now } = this.fixture;
    const kind = unbound ? 0 : random.below(4);
    const node = state.nodes[random.below(state.nodes.length)]!;
    const bound = kind === 1 ? node.link : kind === 2 ? node.inboundLink : null;
    if (bound !== null && !bound.closed) return bound;
    this.links = this.links.filter((one) => !one.closed && (one.node === null || !unbound)).slice(-20);
    const known = this.links.find((one) => !unbound || one.node === null);
    if (known !== undefined && random.below(3) > 0) return known;
    const link = state.newLink(true, null, now);
    link.remoteIp = `10.0.1.${random.below(250)}`;
    link.localIp = state.myself.ip;
    this.links.push(link);
    return link;
  }

  /** Replaces the cluster by a new one without connections. */
  renew(): void {
    this.fixture = clusterOf(OWN);
    this.links = [];
  }

  /** Advances the time: crons, connections that come up and break. */
  pass(): void {
    const { random, fixture } = this;
    fixture.now += random.below(2000);
    const effects = step(fixture.state, { kind: 'cron' }, fixture.now);
    for (const effect of effects) {
      if (effect.kind === 'close') effect.link.closed = true;
      if (effect.kind === 'connect' && random.below(2) === 0) step(fixture.state, { kind: random.below(3) === 0 ? 'linkDown' : 'linkUp', link: effect.link }, fixture.now);
    }
  }

  /** Counts, references and the file agree with each other. */
  check(): void {
    const { state } = this.fixture;
    expect(state.nodes.reduce((sum, node) => sum + node.slots.count, 0)).toBe(state.slots.assigned);
    expect(new Set(state.nodes.map((node) => node.id)).size).toBe(state.nodes.length);
    for (const node of state.nodes) {
      expect(state.lookup(node.id)).toBe(node);
      if (node.master !== null) expect(node.master.replicas).toContain(node);
    }
    expect(state.nodes.length).toBeLessThan(MAX_RECORDS);
    const text = formatNodesConf(state);
    const again = parseNodesConf(text, state.env, this.fixture.now);
    expect(again.nodes.map((node) => node.id).sort()).toEqual(state.nodes.filter((node) => !node.inHandshake).map((node) => node.id).sort());
    expect(again.slots.assigned).toBe(state.slots.assigned);
  }
}

/** Without an address: a node that is met calls back, and that must not leave this machine. */
function atHome(packet: Buffer): Buffer {
  return packet.fill(0, Math.min(2168, packet.length), Math.min(2214, packet.length));
}

describe('fuzzed bus packets', () => {
  const count = rounds(30_000);

  it(`leave a cluster unchanged when unknown nodes send them (${count} packets, seed ${seed})`, () => {
    const fuzz = new Fuzz();
    for (let i = 0; i < count; i++) {
      try {
        fuzz.one();
        if (i % 40 === 39) fuzz.pass();
        if (i % 500 === 499) fuzz.check();
      } catch (error) {
        throw new Error(`seed ${seed}, packet ${i}`, { cause: error });
      }
      if (i % FRESH_EVERY === FRESH_EVERY - 1) fuzz.renew();
    }
    expect(fuzz.decoded).toBeGreaterThan(count / 4);
    expect(fuzz.strangers).toBeGreaterThan(count / 20);
  }, limitFor(count));

  it(`do not prevent a node from answering its peers (${Math.ceil(count / 15)} packets over connections, seed ${seed})`, async () => {
    const random = seededRandom(seed);
    const packets = realPackets();
    const node = await BusNode.start();
    try {
      node.addSlots(0, 16_383);
      for (let i = 0; i < count / 15; i += 20) {
        const socket = net.connect(node.port + 10_000, '127.0.0.1');
        socket.on('error', () => socket.destroy());
        await new Promise<void>((resolve) => {
          socket.once('close', () => resolve());
          socket.resume();
          for (let n = 0; n < 20; n++) socket.write(random.below(10) === 0 ? Buffer.alloc(random.below(5000), random.below(256)) : atHome(mutate(random, packets, true)));
          socket.end(random.below(2) === 0 ? 'RCmb' : '');
        });
      }
      const state = node.bus.state;
      expect(state.nodes.filter((one) => !one.inHandshake)).toHaveLength(1);
      expect([state.myself.slots.count, state.blacklist.size]).toEqual([16_384, 0]);
      expect(node.faults).toEqual([]);
      // A ping from an unknown sender gets a pong.
      const socket = net.connect(node.port + 10_000, '127.0.0.1');
      let answer = Buffer.alloc(0);
      socket.on('data', (chunk) => (answer = Buffer.concat([answer, chunk])));
      socket.write(packets[0]!);
      await waitFor(() => answer.length > 14, 'an answer');
      expect([answer.toString('latin1', 0, 4), answer.readUInt16BE(12)]).toEqual(['RCmb', 1]);
      socket.destroy();
    } finally {
      await node.stop();
    }
  }, limitFor(count));

  it('contains the peers whose packets are fuzzed', () => {
    const fixture = clusterOf(OWN);
    expect(PEERS.map((char) => fixture.state.lookup(id(char))?.id)).toEqual(PEERS.map(id));
    const types = new Set(realPackets().map((packet) => packet.readUInt16BE(12)));
    expect([...types].sort((a, b) => a - b)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 77]);
  });
});
