// nodes.conf of every version: what is read, what is written, what is refused.
import fc from 'fast-check';
import { NodeFlag } from '../../../src/server/cluster/state/flags.js';
import { describe, expect, it } from 'vitest';
import { SLOTS } from '../../../src/server/cluster/wire/constants.js';
import { nodesText } from '../../../src/server/cluster/views/describe.js';
import { CorruptConfigError, formatNodesConf, parseNodesConf } from '../../../src/server/cluster/views/nodes-conf.js';
import type { ClusterState } from '../../../src/server/cluster/state/state.js';
import { Fixture, id } from './state-fixture.js';

const NOW = 1_700_000_000_000;
const read = (text: string): ClusterState => parseNodesConf(text, new Fixture().state.env, NOW);
const ME = `${id('a')} 127.0.0.1:7000@17000 myself,master - 0 0 4 connected`;

const FILE = `${id('b')} ::1:7001@17001 master,fail - 1700000000001 1700000000000 9 disconnected 5461-10922
${id('c')} 10.0.0.3:7002@17002,host-3.example slave ${id('b')} 0 1700000000000 9 connected
${id('d')} :0@0 master,noaddr - 0 0 2 disconnected
${ME} 0-92 94-5460 16383 [0->-${id('b')}] [77-<-${id('d')}]

vars currentEpoch 7 lastVoteEpoch 6 somethingNew 1
`;

describe('nodes.conf', () => {
  it('is read with slots, open slots, replicas and epochs', () => {
    const state = read(FILE);
    const [b, c] = [state.lookup(id('b'))!, state.lookup(id('c'))!];
    expect([state.currentEpoch, state.lastVoteEpoch, state.myself.id, state.myself.configEpoch]).toEqual([9, 6, id('a'), 4]);
    expect([b.ip, b.port, b.cport, b.has(NodeFlag.fail), b.failTime, b.pingSent, b.slots.count]).toEqual(['::1', 7001, 17001, true, NOW, NOW, 5462]);
    expect([c.master, b.replicas, c.hostname, c.configEpoch]).toEqual([b, [c], 'host-3.example', 0]);
    expect(state.slots.owner(93)).toBeNull();
    expect(state.slots.owner(16383)).toBe(state.myself);
    expect(state.slots.migrating.get(0)).toBe(b);
    expect(state.slots.importing.get(77)).toBe(state.lookup(id('d')));
    expect([state.slots.stable[0], state.slots.stable[1], state.slots.stable[77], state.slots.assigned]).toEqual([0, 1, 0, 93 + 5367 + 1 + 5462]);
  });

  it('is written as it was read', () => {
    const text = formatNodesConf(read(FILE));
    const sorted = (lines: string): string[] => lines.split('\n').sort(); // the order of nodes has no meaning
    expect(sorted(formatNodesConf(read(text)))).toEqual(sorted(text));
    expect(text).toContain('0-92 94-5460 16383 [0->-');
    expect(text).toMatch(/\nvars currentEpoch 9 lastVoteEpoch 6 shardId [0-9a-f]{40}\n$/);
  });

  it('of 7.2 and Valkey is read, with known and unknown auxiliary fields', () => {
    const state = read(`${id('a')} 127.0.0.1:7000@17000,,tls-port=0,shard-id=${id('s')} myself,master - 0 0 1 connected
${id('b')} 127.0.0.1:7001@17001,host,client-ipv4=1.2.3.4,nodename=nine,colour=blue,shard-id=${id('t')} primary - 0 0 1 connected
vars currentEpoch 1 lastVoteEpoch 0`);
    const b = state.lookup(id('b'))!;
    expect([state.shardId, b.shardId, b.nodename, b.hostname, b.isMaster]).toEqual([id('s'), id('t'), 'nine', 'host', true]);
  });

  it('of old versions is read: without bus port, nodes named before their own line', () => {
    const state = read(`${id('c')} 10.0.0.3:7002 slave ${id('b')} 0 0 0 connected\n${ME}\n${id('b')} 10.0.0.2:7001 master - 0 0 3 connected`);
    expect(state.lookup(id('c'))?.cport).toBe(17002);
    expect(state.lookup(id('b'))?.replicas).toHaveLength(1);
    expect(state.currentEpoch).toBe(4);
  });

  it('of a replica is read as a replica; without a known master the node becomes a master', () => {
    const master = `${id('b')} 10.0.0.2:7001@1 master - 0 0 3 connected 1-5`;
    const state = read(`${id('a')} 127.0.0.1:7000@17000 myself,slave ${id('b')} 0 0 3 connected\n${master}`);
    expect([state.myself.isReplica, state.myself.master?.id, state.lookup(id('b'))?.has(NodeFlag.migrateTo)]).toEqual([true, id('b'), true]);
    const lone = read(`${id('a')} 127.0.0.1:7000@17000 myself,slave - 0 0 3 connected\n${master}`);
    expect([lone.myself.isMaster, lone.myself.master]).toEqual([true, null]);
  });

  it.each([
    ['no line of the node itself', `${id('b')} 10.0.0.2:7001@17001 master - 0 0 3 connected`],
    ['two lines of the node itself', `${ME}\n${id('b')} 10.0.0.2:7001@17001 myself,master - 0 0 3 connected`],
    ['too few fields', `${ME}\n${id('b')} 10.0.0.2:7001@17001 master - 0 0`],
    ['an unknown flag', `${ME}\n${id('b')} 10.0.0.2:7001@17001 master,odd - 0 0 1 connected`],
    ['a bad id', `${ME}\nABC 10.0.0.2:7001@17001 master - 0 0 1 connected`],
    ['a bad slot', `${ME} 16384`],
    ['no port', `${ME}\n${id('b')} 10.0.0.2 master - 0 0 1 connected`],
    ['an odd number of variables', `${ME}\nvars currentEpoch`],
    ['half a file', `${ME.slice(0, 60)}`],
  ])('with %s is refused', (_what, text) => {
    expect(() => read(text)).toThrow(CorruptConfigError);
  });

  it('any assignment of slots is read back as it was written', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(SLOTS - 1), fc.nat(300), fc.nat(2)), { maxLength: 20 }), (ranges) => {
        const f = new Fixture();
        const owners = [f.state.myself, f.node('a'), f.node('b')];
        for (const [start, length, owner] of ranges) {
          for (let slot = start; slot < Math.min(start + length, SLOTS); slot++) f.state.slots.assign(slot, owners[owner]!);
        }
        const again = parseNodesConf(formatNodesConf(f.state), f.state.env, f.now);
        const differing = Array.from({ length: SLOTS }, (_, slot) => slot).filter((slot) => again.slots.owner(slot)?.id !== f.state.slots.owner(slot)?.id);
        expect(differing).toEqual([]);
        expect(nodesText(again).split('\n').map((line) => line.split(' ').slice(8).join(' ')).sort()).toEqual(nodesText(f.state).split('\n').map((line) => line.split(' ').slice(8).join(' ')).sort());
      }),
      { numRuns: 20 },
    );
  });
});
