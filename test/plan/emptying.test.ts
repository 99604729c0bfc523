import { describe, expect, it } from 'vitest';
import { parseNodesText } from '../../src/cluster/nodes-text.js';
import { exceeds, planEmptying, type NodeContents } from '../../src/plan/emptying.js';
import { emptyingLines, emptyingQuestion } from '../../src/ui/views/emptying-lines.js';

const id = (index: number): string => String(index).repeat(40);

interface Peer {
  readonly index: number;
  readonly slots?: string;
  readonly flags?: string;
  readonly link?: 'connected' | 'disconnected';
  readonly masterOf?: number;
}

/** Node `index` as it sees itself and its peers. */
function contentsOf(self: Peer, peers: readonly Peer[], more: Partial<NodeContents> = {}): NodeContents {
  const line = ({ index, slots = '', flags, link = 'connected', masterOf }: Peer, own: boolean): string =>
    `${id(index)} 127.0.0.1:700${index}@1700${index} ${own ? 'myself,' : ''}${flags ?? (masterOf === undefined ? 'master' : 'slave')} ${masterOf === undefined ? '-' : id(masterOf)} 0 0 1 ${link} ${slots}`.trimEnd();
  const lines = parseNodesText([line(self, true), ...peers.map((peer) => line(peer, false))].join('\n'));
  const me = lines[0]!;
  return { id: id(self.index), name: `127.0.0.1:700${self.index}`, role: me.role, masterId: me.masterId, slots: me.slots.size, keys: [], functions: 0, lines, ...more };
}

const kinds = (plan: ReturnType<typeof planEmptying>): string[] => plan.steps.map((step) => ('node' in step ? `${step.kind} ${step.node[0]}` : step.kind));

describe('planEmptying', () => {
  it('refuses a member of a cluster with an unlisted node that is flagged as failed, but replies', () => {
    const peer = { index: 8, slots: '5461-16383', flags: 'master,fail', link: 'disconnected' } as const;
    expect(planEmptying([contentsOf({ index: 1, slots: '0-5460' }, [peer])]).nodes).toHaveLength(1);
    expect(() => planEmptying([contentsOf({ index: 1, slots: '0-5460' }, [peer], { alive: new Set([id(8)]) })])).toThrow(/1 of its nodes is not in the list \(127.0.0.1:7008\)/);
  });

  it('leaves empty nodes alone', () => {
    const plan = planEmptying([contentsOf({ index: 1 }, []), contentsOf({ index: 2 }, [])]);
    expect(plan).toMatchObject({ nodes: [], steps: [], keys: 0 });
  });

  it('resets replicas first; deletes keys and functions of masters before their reset, of replicas after it', () => {
    const [a, b] = [{ index: 1, slots: '0-16383' }, { index: 2, masterOf: 1 }];
    const held = { keys: [{ database: 0, keys: 2 }, { database: 3, keys: 1 }], functions: 1 };
    const plan = planEmptying([contentsOf(a, [b], held), contentsOf(b, [a], held), contentsOf({ index: 3 }, [], { functions: 2 })]);
    expect(kinds(plan)).toEqual(['reset 2', 'flush-functions 2', 'flush 1', 'flush-functions 1', 'reset 1', 'flush-functions 3', 'reset 3']);
    expect(plan).toMatchObject({ keys: 3, functions: 3 }); // those of the replica are copies
    expect(emptyingLines(plan).slice(1)).toEqual([
      '127.0.0.1:7001: 3 keys (db0: 2, db3: 1); 1 function library; serves 16,384 slots; knows 1 node',
      '127.0.0.1:7002: a replica; 3 keys (db0: 2, db3: 1); 1 function library; knows 1 node',
      '127.0.0.1:7003: 2 function libraries',
    ]);
    expect(emptyingQuestion(plan)).toContain('Delete 3 keys and 3 function libraries of 3 nodes permanently');
  });

  it('refuses members of a running cluster, and names the nodes that would be left', () => {
    const peers = [{ index: 8, slots: '5461-10922' }, { index: 9, masterOf: 8 }];
    expect(() => planEmptying([contentsOf({ index: 1, slots: '0-5460' }, peers)])).toThrow(
      expect.objectContaining({ code: 'LIVING_CLUSTER', message: expect.stringContaining('2 of its nodes are not in the list (127.0.0.1:7008, 127.0.0.1:7009)') as string, hint: expect.stringContaining('del-node 127.0.0.1:7008') as string }),
    );
    // An empty member of it too, and a replica.
    expect(() => planEmptying([contentsOf({ index: 1 }, peers)])).toThrow(/belongs to a running cluster/);
    expect(() => planEmptying([contentsOf({ index: 1, masterOf: 8 }, peers)])).toThrow(/belongs to a running cluster/);
    // With all its nodes on the line it is the user's wish.
    expect(kinds(planEmptying([contentsOf({ index: 1, slots: '0' }, [{ index: 2 }]), contentsOf({ index: 2 }, [{ index: 1, slots: '0' }])]))).toHaveLength(2);
  });

  it('continues an interrupted emptying before the remaining node has noticed the resets', () => {
    // 1 still has links to the former ids of 2 and 3, which were reset since then and list no other node.
    const before = [{ index: 2, slots: '5461-10922' }, { index: 3, slots: '10923-16383' }];
    const reset = (index: number): NodeContents => {
      const { name, ...rest } = contentsOf({ index: index + 4 }, []);
      return { ...rest, name: name.replace(`700${index + 4}`, `700${index}`) };
    };
    expect(kinds(planEmptying([contentsOf({ index: 1, slots: '0-5460' }, before), reset(2), reset(3)]))).toEqual(['reset 1']);
    // One that is not at such an address lives.
    expect(() => planEmptying([contentsOf({ index: 1, slots: '0-5460' }, [...before, { index: 9 }]), reset(2), reset(3)])).toThrow(/1 of its nodes is not in the list \(127.0.0.1:7009\)/);
  });

  it('ignores unreachable members, and reachable ones without slots', () => {
    const dead = [{ index: 8, slots: '1', flags: 'master,fail' }, { index: 9, slots: '2', flags: 'master,fail?', link: 'disconnected' as const }, { index: 7, flags: 'master,noaddr' }];
    const plan = planEmptying([contentsOf({ index: 1, slots: '0' }, dead)]);
    expect(plan.nodes).toMatchObject([{ knows: { named: 0, unlisted: 3 } }]);
    expect(emptyingLines(plan)[1]).toBe('127.0.0.1:7001: serves 1 slot; knows 3 nodes, not listed here');
    expect(emptyingQuestion(plan)).toBe("Reset 1 node: forget the nodes and slots known there? (type 'yes' to accept):");
    expect(kinds(planEmptying([contentsOf({ index: 1 }, [{ index: 8 }])]))).toEqual(['reset 1']);
    // One of the named sees it alive: it is.
    expect(() => planEmptying([contentsOf({ index: 1, slots: '0' }, [dead[1]!]), contentsOf({ index: 2 }, [{ index: 9, slots: '2' }])])).toThrow(/127.0.0.1:7001 belongs/);
  });
});

describe('exceeds', () => {
  it('is true for nodes and kinds of data that were not shown', () => {
    const shown = planEmptying([contentsOf({ index: 1 }, [], { keys: [{ database: 0, keys: 1 }] }), contentsOf({ index: 2 }, [{ index: 1 }])]);
    const more = (all: NodeContents[]): boolean => exceeds(planEmptying(all), shown);
    expect(more([contentsOf({ index: 1 }, [], { keys: [{ database: 0, keys: 9 }] })])).toBe(false);
    expect(more([])).toBe(false);
    expect(more([contentsOf({ index: 1 }, [], { functions: 1 })])).toBe(true);
    expect(more([contentsOf({ index: 2 }, [{ index: 1 }], { keys: [{ database: 0, keys: 1 }] })])).toBe(true);
    expect(more([contentsOf({ index: 3 }, [], { functions: 1 })])).toBe(true);
  });
});
