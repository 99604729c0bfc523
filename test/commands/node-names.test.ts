// Names of a node in all commands: id, beginning of an id, announced address, the address it is connected to, and a
// name of its host.
import { describe, expect, it } from 'vitest';
import { hostNames } from '../../src/cli/connection/host-names.js';
import { findMember } from '../../src/plan/member.js';
import { ClusterView } from '../../src/cluster/view.js';
import { runHere } from '../support/broken-cluster.js';
import { startFakeCluster } from '../support/fake-cluster.js';
import { idOf, viewOf } from '../support/views.js';

const plain = viewOf([{ slots: '0-8191', host: '10.0.0.1' }, { slots: '8192-16383', host: '10.0.0.2' }], [{ id: idOf(5), name: '10.0.0.3:7005', role: 'replica', masterId: idOf(0), flags: ['fail'], slots: viewOf([{}]).covered(), reason: 'away' }]);
/** As seen through --address-map *=203.0.113.9. */
const mapped = new ClusterView(plain.nodes.map((node, index) => ({ ...node, connectHost: '203.0.113.9', connectPort: 9000 + index })), plain.unreachable).withHosts(new Map([['db2', ['10.0.0.2']], ['nat', ['203.0.113.9']], ['gone', ['10.0.0.3']]]));

describe('a node is found by', () => {
  it.each([
    ['its id', idOf(1)],
    ['the beginning of its id', idOf(1).slice(0, 4)],
    ['the address it announces', '10.0.0.2:7001'],
    ['the address it is connected to', '203.0.113.9:9001'],
    ['a name of its host', 'DB2:7001'],
    ['a name of the host through which it is reached', 'nat:9001'],
  ])('%s', (_, word) => {
    expect(mapped.find(word).id).toBe(idOf(1));
    expect(findMember(mapped, word).id).toBe(idOf(1));
  });

  it('the name of its host also when it cannot be reached, and not with another port', () => {
    expect(findMember(mapped, 'gone:7005').id).toBe(idOf(5));
    expect(() => mapped.find('gone:7005')).toThrow('cannot be reached');
    expect(() => mapped.find('db2:7000')).toThrow('No such node');
    expect(() => mapped.find('unknown:7001')).toThrow('No such node');
  });

  it('localhost, in positional words and options, where nodes announce 127.0.0.1', async () => {
    await using fake = await startFakeCluster(4, 0);
    const [first, second] = fake.ports.map((port) => `localhost:${port}`);
    const plan = JSON.parse((await runHere(['reshard', first ?? '', '--from', first ?? '', '--to', second ?? '', '--slots', '5', '--dry-run', '--json'])).stdout) as { plan?: { moved?: number } };
    expect(plan.plan?.moved).toBe(5);
  });
});

describe('node names on the command line', () => {
  it('are resolved in lists and assignments; words that are not HOST:PORT stay unchanged', async () => {
    const names = await hostNames(['localhost:7000,LOCALHOST:7001=2', '10.0.0.1:7000', 'aabb', 'no-such-host.invalid:7000']);
    expect([...names.keys()].sort()).toEqual(['localhost', 'no-such-host.invalid']);
    expect(names.get('localhost')?.some((address) => address === '127.0.0.1' || address === '::1')).toBe(true);
    expect(names.get('no-such-host.invalid')).toEqual([]);
  });
});
