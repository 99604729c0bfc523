// The rules of cluster-node.md 3 and 4 one by one, on a state without sockets.
import { describe, expect, it } from 'vitest';
import { MAX_HANDSHAKES, MessageFlag, MessageType, SLOTS } from '../../../src/server/cluster/wire/constants.js';
import { NodeFlag } from '../../../src/server/cluster/state/flags.js';
import { forget } from '../../../src/server/cluster/admin/nodes.js';
import { bumpEpoch } from '../../../src/server/cluster/rules/epochs.js';
import { startHandshake } from '../../../src/server/cluster/rules/handshake.js';
import { step } from '../../../src/server/cluster/rules/step.js';
import { seededRandom } from '../../../src/server/runtime/random.js';
import { Fixture, id, kinds, sent, slotBytes } from './state-fixture.js';

const EMPTY = { kind: 'empty' } as const;

describe('slot claims', () => {
  it('move a slot only to a strictly greater epoch, saved to disk before anything is sent', () => {
    const f = new Fixture();
    const { myself } = f.state;
    const other = f.node('a');
    f.own(myself, 1, 3);
    myself.configEpoch = 5;
    f.state.currentEpoch = 9;
    other.configEpoch = 5;
    f.receive(other, { configEpoch: 5, currentEpoch: 9, slots: slotBytes(1, 2) });
    expect(f.state.slots.owner(1)).toBe(myself);
    const effects = f.receive(other, { configEpoch: 9, currentEpoch: 9, slots: slotBytes(1, 2) });
    expect([1, 2, 3].map((slot) => f.state.slots.owner(slot)?.id)).toEqual([other.id, other.id, myself.id]);
    expect(kinds(effects)).toEqual(['slotsLeft', 'save', 'send']);
    expect(effects.find((effect) => effect.kind === 'save')).toMatchObject({ fsync: true });
  });

  it('delete the keys of slots that this node loses', () => {
    const f = new Fixture();
    const other = f.node('a');
    f.own(f.state.myself, 1, 3);
    f.keys.set(1, 10);
    const effects = f.receive(other, { configEpoch: 3, slots: slotBytes(1, 2) });
    expect(effects.filter((effect) => effect.kind === 'deleteSlotKeys')).toEqual([{ kind: 'deleteSlotKeys', slot: 1 }]);
  });

  it('a slot that this node imports keeps its owner, whatever epoch another node claims it with', () => {
    const f = new Fixture();
    const [source, thief] = [f.node('a'), f.node('b')];
    f.own(source, 7);
    f.state.slots.setImporting(7, source);
    f.receive(thief, { configEpoch: 9, slots: slotBytes(7) });
    expect(f.state.slots.owner(7)).toBe(source);
  });

  it('stay bound to an owner that stopped claiming them, until another node claims them', () => {
    const f = new Fixture();
    const [old, young] = [f.node('a'), f.node('b')];
    old.configEpoch = 8;
    f.own(old, 7, 8);
    f.receive(old, { slots: slotBytes(8) });
    expect(f.state.slots.owner(7)).toBe(old);
    expect(f.state.slots.isNotClaimed(7)).toBe(true);
    f.receive(young, { configEpoch: 1, slots: slotBytes(7) });
    expect(f.state.slots.owner(7)).toBe(young);
    expect(old.notClaimed).toBe(0);
    f.receive(young, { configEpoch: 1, slots: slotBytes() });
    f.receive(young, { configEpoch: 1, slots: slotBytes(7) });
    expect(f.state.slots.isNotClaimed(7)).toBe(false);
  });

  it('with an older config epoch than that of the owner are answered with one UPDATE about the owner', () => {
    const f = new Fixture();
    const [owner, stale] = [f.node('a'), f.node('b')];
    owner.configEpoch = 9;
    f.own(owner, 0, 99);
    const updates = sent(f.receive(stale, { configEpoch: 2, slots: slotBytes(5, 6) })).filter(({ packet }) => packet.header.type === MessageType.update);
    expect(updates).toHaveLength(1);
    expect(updates[0]).toMatchObject({ to: stale.id, packet: { body: { kind: 'update', id: owner.id, configEpoch: 9 } } });
  });

  it('arrive by UPDATE too, and only a newer one has an effect', () => {
    const f = new Fixture();
    const [teller, master] = [f.node('a'), f.node('b')];
    const replica = f.replicaOf('c', master);
    f.own(f.state.myself, 0, 9);
    f.state.myself.configEpoch = 4;
    f.receive(teller, { type: MessageType.update }, { kind: 'update', id: replica.id, configEpoch: 6, slots: slotBytes(3) });
    expect(replica.isMaster && replica.master === null).toBe(true);
    expect(f.state.slots.owner(3)).toBe(replica);
    expect(f.state.currentEpoch).toBe(0);
    f.receive(teller, { type: MessageType.update }, { kind: 'update', id: replica.id, configEpoch: 6, slots: slotBytes(3, 4) });
    expect(f.state.slots.owner(4)).toBe(f.state.myself);
  });
});

describe('roles and epochs', () => {
  it('a demoted master loses its slots and follows its new master, in order of attachment', () => {
    const f = new Fixture();
    const [a, b, c] = [f.node('a'), f.node('b'), f.node('c')];
    f.own(b, 10, 20);
    f.receive(b, { slaveof: a.id, flags: NodeFlag.replica, slots: a.slots.share() });
    f.receive(c, { slaveof: a.id, flags: NodeFlag.replica, slots: a.slots.share() });
    expect(b.slots.count).toBe(0);
    expect(a.replicas).toEqual([b, c]);
    expect(a.has(NodeFlag.migrateTo)).toBe(true);
    f.receive(b, { slaveof: '', flags: NodeFlag.master, slots: slotBytes() });
    f.receive(c, { slaveof: '', flags: NodeFlag.master, slots: slotBytes() });
    expect(a.replicas).toEqual([]);
    expect(a.has(NodeFlag.migrateTo)).toBe(false);
    expect(b.isMaster && b.has(NodeFlag.migrateTo)).toBe(true);
  });

  it('of two masters with one epoch the one with the smaller id takes a new epoch', () => {
    const small = new Fixture(id('a'));
    const great = small.node('z');
    small.receive(great, { configEpoch: 0 });
    expect(small.state.myself.configEpoch).toBe(1);
    const big = new Fixture(id('z'));
    const little = big.node('a');
    big.receive(little, { configEpoch: 0 });
    expect(big.state.myself.configEpoch).toBe(0);
  });

  it('a bump takes the next epoch unless this node has the greatest already', () => {
    const f = new Fixture();
    expect(f.inStep(bumpEpoch).result).toBe(true);
    expect(f.inStep(bumpEpoch).result).toBe(false);
    f.node('a').configEpoch = 5;
    expect(f.inStep(bumpEpoch).result).toBe(true);
    expect(f.state.myself.configEpoch).toBe(2);
  });
});

describe('votes', () => {
  function election(): { f: Fixture; master: ReturnType<Fixture['node']>; replica: ReturnType<Fixture['node']>; ask: (over?: object) => string[] } {
    const f = new Fixture();
    const master = f.node('a');
    const replica = f.replicaOf('b', master);
    f.own(f.state.myself, 0, 99);
    f.own(master, 100, 199);
    master.configEpoch = 2;
    master.set(NodeFlag.fail);
    f.state.currentEpoch = 6;
    const ask = (over: object = {}): string[] => kinds(f.receive(replica, { type: MessageType.authRequest, currentEpoch: 7, ...over }, EMPTY));
    return { f, master, replica, ask };
  }

  it('a master votes once per epoch, and once per failed master in twice the node timeout, after a save to disk', () => {
    const { f, ask } = election();
    expect(ask()).toEqual(['save', 'send']);
    expect(f.state.lastVoteEpoch).toBe(7);
    expect(ask()).toEqual([]);
    expect(ask({ currentEpoch: 8 })).toEqual([]);
    f.now += 30_001;
    expect(ask({ currentEpoch: 9 })).toEqual(['save', 'send']);
  });

  it('a master refuses its vote while the master of the replica is up, unless forced; for old epochs; for slots whose owner has a newer epoch', () => {
    const { f, master, ask } = election();
    expect(ask({ currentEpoch: 5 })).toEqual([]);
    expect(ask({ configEpoch: 1 })).toEqual([]);
    master.clear(NodeFlag.fail);
    expect(ask()).toEqual([]);
    expect(f.state.lastVoteEpoch).toBe(0);
    expect(ask({ mflags: MessageFlag.forceAck })).toEqual(['save', 'send']);
  });

  it('a master without slots does not vote', () => {
    const { f, ask } = election();
    f.inStep((context) => context.state.slots.unassignAllOf(context.state.myself));
    expect(ask()).toEqual([]);
  });

  it('an MFSTART of its own replica pauses writes and shows PAUSED until it ends', () => {
    const f = new Fixture();
    const replica = f.replicaOf('a', f.state.myself);
    const effects = f.receive(replica, { type: MessageType.mfStart }, EMPTY);
    expect(kinds(effects)).toEqual(['pauseWrites', 'send']);
    expect(sent(effects)[0]?.packet.header.mflags).toBe(MessageFlag.paused | MessageFlag.extData);
    f.now += 5001;
    expect(kinds(step(f.state, { kind: 'cron' }, f.now))).toContain('resumeWrites');
  });
});

describe('failure detection', () => {
  it('goes from an unanswered ping to PFAIL, to FAIL by quorum, and back', () => {
    const f = new Fixture();
    const [a, b] = [f.node('a'), f.node('b')];
    f.own(f.state.myself, 0, 5000);
    f.own(a, 5001, 10_000);
    f.own(b, 10_001, SLOTS - 1);
    f.state.size = 3;
    b.pingSent = f.now;
    f.now += 15_001;
    a.dataReceived = a.pongReceived = f.now;
    step(f.state, { kind: 'cron' }, f.now);
    expect(b.has(NodeFlag.pfail)).toBe(true);
    const gossip = { id: b.id, pingSent: 0, pongReceived: 0, ip: b.ip, port: b.port, cport: b.cport, pport: 0, flags: NodeFlag.master | NodeFlag.pfail };
    const effects = f.receive(a, {}, { kind: 'gossip', entries: [gossip], extensions: [] });
    expect(b.has(NodeFlag.fail)).toBe(true);
    expect(sent(effects).filter(({ packet }) => packet.body.kind === 'fail').map(({ to }) => to)).toEqual(expect.arrayContaining([a.id]));
    b.link = f.state.newLink(false, b, f.now);
    f.receive(b, { type: MessageType.pong }, undefined, b.link);
    expect(b.has(NodeFlag.fail)).toBe(true);
    f.now += 30_001;
    f.receive(b, { type: MessageType.pong }, undefined, b.link);
    expect(b.has(NodeFlag.fail)).toBe(false);
  });

  it('reports expire', () => {
    const f = new Fixture();
    const [a, b, c] = [f.node('a'), f.node('b'), f.node('c')];
    for (const [i, node] of [a, b, c, f.state.myself].entries()) f.own(node, i);
    f.state.size = 4;
    b.set(NodeFlag.pfail);
    b.failReports.set(a, f.now);
    f.now += 30_001;
    const gossip = { id: b.id, pingSent: 0, pongReceived: 0, ip: b.ip, port: b.port, cport: b.cport, pport: 0, flags: NodeFlag.master | NodeFlag.pfail };
    f.receive(c, {}, { kind: 'gossip', entries: [gossip], extensions: [] });
    expect(b.has(NodeFlag.fail)).toBe(false);
    f.receive(a, {}, { kind: 'gossip', entries: [gossip], extensions: [] });
    expect(b.has(NodeFlag.fail)).toBe(true);
  });
});

describe('meeting', () => {
  it('answers every MEET from unknown nodes, and starts only a limited number of handshakes', () => {
    const f = new Fixture();
    const random = seededRandom(1);
    for (let i = 0; i < MAX_HANDSHAKES + 300; i++) {
      const link = f.state.newLink(true, null, f.now);
      link.remoteIp = `10.1.${i >> 8}.${i & 255}`;
      const effects = step(f.state, { kind: 'packet', link, packet: { header: f.header(random.hex(40), { type: MessageType.meet, ip: '' }), body: { kind: 'gossip', entries: [], extensions: [] } } }, f.now);
      expect(kinds(effects)).toContain('send');
    }
    expect(f.state.nodes.filter((node) => node.inHandshake)).toHaveLength(MAX_HANDSHAKES);
  });

  it('an unknown node gets a PONG for MEET and PING, but only MEET starts a handshake', () => {
    const f = new Fixture();
    const link = f.state.newLink(true, null, f.now);
    link.remoteIp = '10.0.0.9';
    link.localIp = '10.0.0.5';
    const packet = { header: f.header(id('x'), { type: MessageType.ping }), body: { kind: 'gossip', entries: [], extensions: [] } as const };
    expect(kinds(step(f.state, { kind: 'packet', link, packet }, f.now))).toEqual(['send']);
    expect(f.state.nodes).toHaveLength(1);
    const meet = { ...packet, header: { ...packet.header, type: MessageType.meet } };
    expect(kinds(step(f.state, { kind: 'packet', link, packet: meet }, f.now))).toEqual(['save', 'send']);
    step(f.state, { kind: 'packet', link, packet: meet }, f.now);
    expect(f.state.nodes.map((node) => [node.inHandshake, node.ip])).toEqual([[false, '10.0.0.5'], [true, '10.0.0.9']]);
  });

  it('ourselves changes nothing', () => {
    const f = new Fixture();
    f.inStep((context) => startHandshake(context, { ip: '10.0.0.1', port: 7000, pport: 0, cport: 17000 }, true));
    step(f.state, { kind: 'cron' }, f.now);
    const handshake = f.state.nodes[1]!;
    const packet = { header: f.header(f.state.myself.id, { type: MessageType.pong }), body: EMPTY };
    expect(kinds(step(f.state, { kind: 'packet', link: handshake.link!, packet }, f.now))).toEqual(['close']);
    expect(f.state.nodes).toEqual([f.state.myself]);
  });

  it('an unanswered handshake is dropped, and a node loses its address when another id answers there', () => {
    const f = new Fixture();
    f.inStep((context) => startHandshake(context, { ip: '10.0.0.2', port: 7000, pport: 0, cport: 17000 }, true));
    f.now += 15_001;
    step(f.state, { kind: 'cron' }, f.now);
    expect(f.state.nodes).toHaveLength(1);
    const a = f.node('a');
    const packet = { header: f.header(id('x'), { type: MessageType.pong, configEpoch: 99 }), body: EMPTY };
    step(f.state, { kind: 'packet', link: a.link!, packet }, f.now);
    expect([a.has(NodeFlag.noaddr), a.ip, a.configEpoch, a.link]).toEqual([true, '', 0, null]);
  });

  it('adds unknown nodes from gossip with masked flags, but no forgotten ones and no malformed ids', () => {
    const f = new Fixture();
    const a = f.node('a');
    const entry = (who: string, flags: number): object => ({ id: who, pingSent: 0, pongReceived: 0, ip: '10.9.9.9', port: 1, cport: 2, pport: 0, flags });
    const tell = (...entries: object[]): void => void f.receive(a, {}, { kind: 'gossip', entries: entries as never, extensions: [] });
    f.state.blacklist.set(id('c'), f.now + 60_000);
    tell(entry(id('b'), 0xffff & ~NodeFlag.noaddr), entry(id('c'), 1), entry(id('d'), NodeFlag.noaddr | 1));
    expect(f.state.nodes.map((node) => node.id[0])).toEqual(['m', 'a', 'b']);
    expect(f.state.lookup(id('b'))?.has(NodeFlag.myself | NodeFlag.handshake | NodeFlag.meet)).toBe(false);
    tell(entry(id('e'), 1), entry('BAD', 1));
    expect(f.state.nodes).toHaveLength(3);
    f.now += 60_001;
    tell(entry(id('c'), 1));
    expect(f.state.nodes).toHaveLength(4);
  });

  const fromExtensions = (f: Fixture, sender: ReturnType<Fixture['node']>, ...extensions: object[]): void =>
    void f.receive(sender, { mflags: MessageFlag.extData }, { kind: 'gossip', entries: [], extensions: extensions as never });

  it('extensions set the host name and the shard of their sender, and a packet without a host name clears it', () => {
    const f = new Fixture();
    const a = f.node('a');
    fromExtensions(f, a, { kind: 'hostname', text: 'host-1' }, { kind: 'shardId', id: id('s') });
    expect([a.hostname, a.shardId, a.takesExtensions]).toEqual(['host-1', id('s'), true]);
    fromExtensions(f, a);
    expect(a.hostname).toBe('');
  });

  it('forgets a node that another node has forgotten', () => {
    const f = new Fixture();
    const [a, b] = [f.node('a'), f.node('b')];
    fromExtensions(f, a, { kind: 'forgotten', id: b.id, seconds: 30 });
    expect([f.state.lookup(b.id), f.state.blacklist.has(b.id)]).toEqual([undefined, true]);
  });

  it('a node that was met again after its FORGET ignores older FORGETs in gossip (add-node after del-node never ended)', () => {
    const f = new Fixture();
    const teller = f.node('a');
    const told = (seconds: number): void => void f.receive(teller, { mflags: MessageFlag.extData }, { kind: 'gossip', entries: [], extensions: [{ kind: 'forgotten', id: id('x'), seconds }] });
    const known = (): boolean => f.state.lookup(id('x')) !== undefined;
    f.node('x');
    expect(f.inStep((context) => forget(context, id('x'))).result).toBeNull();
    f.now += 20_000;
    f.inStep((context) => startHandshake(context, { ip: '10.0.0.9', port: 7000, pport: 0, cport: 17000 }, true));
    step(f.state, { kind: 'cron' }, f.now);
    const link = f.state.nodes.find((node) => node.inHandshake)?.link;
    step(f.state, { kind: 'packet', link: link!, packet: { header: f.header(id('x'), { type: MessageType.pong }), body: EMPTY } }, f.now);
    expect([known(), f.state.blacklist.size]).toEqual([true, 0]);
    f.now += 1000;
    told(39); // the FORGET was 21 s ago, before the MEET
    expect([known(), f.state.blacklist.size]).toEqual([true, 0]);
    f.now += 5000;
    told(60); // the FORGET is new
    expect([known(), f.state.blacklist.size]).toEqual([false, 1]);
  });
});
