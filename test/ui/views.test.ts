// The predecessors' lines made from data (cli.md 4, 8): the shapes that need no running cluster.
import { describe, expect, it } from 'vitest';
import { checkView } from '../../src/cluster/findings.js';
import { parseNodesText } from '../../src/cluster/nodes-text.js';
import { SlotSet } from '../../src/cluster/slot-set.js';
import { ClusterView, type ClusterNode } from '../../src/cluster/view.js';
import { planCreate } from '../../src/plan/create.js';
import { planReshard } from '../../src/plan/reshard.js';
import { DoubleReply, ReplyError } from '../../src/resp/reply.js';
import { checkLines, extraWarnings } from '../../src/ui/views/check-lines.js';
import { nextStep } from '../../src/ui/views/check-table.js';
import { infoLines, nodeLines } from '../../src/ui/views/cluster-lines.js';
import { createPlanLines } from '../../src/ui/views/create-lines.js';
import { jsonReply, rawReply } from '../../src/ui/views/raw-reply.js';
import { movedSlotLine, reshardPlanLines } from '../../src/ui/views/reshard-lines.js';
import { slotBar } from '../../src/ui/views/slot-bar.js';
import { formatBytes } from '../../src/ui/bytes.js';

const id = (digit: string): string => digit.repeat(40);

/** A view in which each node sends the same CLUSTER NODES text. */
function viewOf(text: string): ClusterView {
  const nodes = text.trim().split('\n').map((_, self): ClusterNode => {
    const lines = parseNodesText(text.trim().split('\n').map((line, index) => (index === self ? line.replace(/ (\S*(master|slave))/, ' myself,$1') : line.replace(/ \[.*\]/, ''))).join('\n'));
    const me = lines[self];
    if (me === undefined) throw new Error('no such line');
    return { ...me, name: `${me.host}:${me.port}`, busPort: me.port + 10_000, connectHost: me.host, connectPort: me.port, lines };
  });
  return new ClusterView(nodes);
}

const three = `
${id('1')} 10.0.0.1:7001@17001 master - 0 0 1 connected 0-5460
${id('2')} 10.0.0.2:7001@17001 master - 0 0 2 connected 5461-10922
${id('3')} 10.0.0.3:7001@17001 master - 0 0 3 connected 10923-16383
${id('4')} 10.0.0.1:7002@17002 slave ${id('2')} 0 0 2 connected`;

describe('info block', () => {
  it('prints the lines of 4.1', () => {
    const keys = new Map([[id('1'), 120], [id('2'), 130], [id('3'), 110]]);
    expect(infoLines(viewOf(three), keys)).toEqual([
      '10.0.0.1:7001 (11111111...) -> 120 keys | 5461 slots | 0 slaves.',
      '10.0.0.2:7001 (22222222...) -> 130 keys | 5462 slots | 1 slaves.',
      '10.0.0.3:7001 (33333333...) -> 110 keys | 5461 slots | 0 slaves.',
      '[OK] 360 keys in 3 masters.',
      '0.02 keys per slot on average.',
    ]);
  });
  it('ends at a node that does not reply', () => {
    const keys = new Map<string, number | string>([[id('1'), 120], [id('2'), 'NOPERM no'], [id('3'), 110]]);
    expect(infoLines(viewOf(three), keys).slice(1)).toEqual(['Node 10.0.0.2:7001 replied with error:', 'NOPERM no']);
  });
});

describe('node list', () => {
  it('prints the lines of 4.2: replicas, single slots, flags, indentation', () => {
    const view = viewOf(three.replace('5461-10922', '6000').replace('slave', 'slave,fail?'));
    expect(view.nodes.flatMap((node) => nodeLines(view, node))).toEqual([
      `M: ${id('1')} 10.0.0.1:7001`,
      '   slots:[0-5460] (5461 slots) master',
      `M: ${id('2')} 10.0.0.2:7001`,
      '   slots:[6000] (1 slots) master',
      '   1 additional replica(s)',
      `M: ${id('3')} 10.0.0.3:7001`,
      '   slots:[10923-16383] (5461 slots) master',
      `S: ${id('4')} 10.0.0.1:7002`,
      '   slots: (0 slots) slave,fail?',
      `   replicates ${id('2')}`,
    ]);
    expect(nodeLines(view, view.entry, 4)[0]).toBe(`    M: ${id('1')} 10.0.0.1:7001`);
  });
});

describe('check', () => {
  const lines = (view: ClusterView, searched = false): string[] => checkLines(view, checkView(view), { quiet: true, searchedOwners: searched });
  const head = '>>> Performing Cluster Check (using node 10.0.0.1:7001)';

  it('prints the lines of a healthy cluster (4.3, 4.8)', () => {
    expect(lines(viewOf(three), true)).toEqual([
      head,
      '[OK] All nodes agree about slots configuration.',
      '>>> Check for open slots...',
      '>>> Check slots coverage...',
      '[OK] All 16384 slots covered.',
      '>>> Check for multiple slot owners...',
      '[OK] No multiple owners found.',
    ]);
    expect(nextStep(viewOf(three), checkView(viewOf(three)))).toBeUndefined();
  });
  it('advises create or add-node for a node in no cluster, fix for one with slots', () => {
    const alone = viewOf(`${id('1')} 10.0.0.1:7001@17001 myself,master - 0 0 0 connected`);
    expect(nextStep(alone, checkView(alone))).toBe('10.0.0.1:7001 is in no cluster; to create one of empty nodes: redis-trib create 10.0.0.1:7001 HOST:PORT…; to add it to a cluster: redis-trib add-node 10.0.0.1:7001 HOST:PORT');
    const owning = viewOf(`${id('1')} 10.0.0.1:7001@17001 myself,master - 0 0 0 connected 0-5`);
    expect(nextStep(owning, checkView(owning))).toBe('redis-trib fix 10.0.0.1:7001');
  });
  it('prints the lines of open slots (4.4)', () => {
    const view = viewOf(three.replace('0-5460', `0-5460 [93->-${id('2')}] [97->-${id('2')}]`).replace('10923-16383', `10923-16383 [93-<-${id('1')}]`));
    expect(lines(view).slice(1, 7)).toEqual([
      '[OK] All nodes agree about slots configuration.',
      '>>> Check for open slots...',
      '[WARNING] Node 10.0.0.1:7001 has slots in migrating state 93,97.',
      '[WARNING] Node 10.0.0.3:7001 has slots in importing state 93.',
      '[WARNING] The following slots are open: 93,97.',
      '>>> Check slots coverage...',
    ]);
    expect(nextStep(view, checkView(view))).toContain('redis-trib fix 10.0.0.1:7001');
  });
  it('prints the lines of an uncovered slot (8.2)', () => {
    expect(lines(viewOf(three.replace('0-5460', '1-5460'))).slice(-3)).toEqual(['>>> Check slots coverage...', '[ERR] Not all 16384 slots are covered by nodes.', '']);
  });
  it('prints the lines of a slot with two owners (8.2)', () => {
    expect(lines(viewOf(three.replace('10923-16383', '5 10923-16383'))).slice(-4)).toEqual([
      '>>> Check for multiple slot owners...',
      '[WARNING] Slot 5 has 2 owners:',
      '    10.0.0.1:7001',
      '    10.0.0.3:7001',
    ]);
  });
  it('prints the line of a disagreement', () => {
    const view = viewOf(three);
    const [first, second, ...rest] = view.nodes;
    if (first === undefined || second === undefined) throw new Error('two nodes expected');
    const other = parseNodesText(three.replace('0-5460', '0-5459').trim());
    const torn = new ClusterView([first, { ...second, lines: other }, ...rest]);
    expect(lines(torn)[1]).toBe("[ERR] Nodes don't agree about configuration!");
  });
  it('prints findings that the predecessors do not look for beside the result', () => {
    const view = viewOf(three.replace(' slave ', ' slave,fail? '));
    const warnings = extraWarnings(checkView(view));
    expect(warnings).toContain('Master 10.0.0.1:7001 has no replica');
    expect(warnings.some((text) => text.includes('10.0.0.1:7002 is flagged fail?'))).toBe(true);
    expect(lines(view).some((line) => line.includes('fail?'))).toBe(false);
  });
});

describe('create', () => {
  it('has a line for extra replicas (2.2 step 7) and an OK for a good placement', () => {
    const hosts = ['a', 'a', 'a', 'b', 'b', 'c', 'c'];
    const plan = planCreate(hosts.map((host, index) => ({ id: id(String(index)), name: `${host}:${index}`, host, port: index, flags: ['master'] })), { replicas: 1 });
    const lines = createPlanLines(plan);
    expect(lines.slice(0, 11)).toEqual([
      '>>> Performing hash slots allocation on 7 nodes...',
      'Master[0] -> Slots 0 - 5460',
      'Master[1] -> Slots 5461 - 10922',
      'Master[2] -> Slots 10923 - 16383',
      'Adding replica b:4 to a:0',
      'Adding replica c:6 to b:3',
      'Adding replica a:2 to c:5',
      'Adding extra replicas...',
      'Adding replica a:1 to a:0',
      '>>> Trying to optimize slaves allocation for anti-affinity',
      '[OK] Perfect anti-affinity obtained!',
    ]);
  });
});

describe('reshard', () => {
  it('prints the plan of 8.3 and a dot for each key', () => {
    const view = viewOf(three);
    const plan = planReshard(view, { amount: { count: 2 }, from: [id('3')], to: [id('2')] });
    expect(reshardPlanLines(view, plan)).toEqual([
      '',
      'Ready to move 2 slots.',
      '  Source nodes:',
      `    M: ${id('3')} 10.0.0.3:7001`,
      '       slots:[10923-16383] (5461 slots) master',
      '  Destination node:',
      `    M: ${id('2')} 10.0.0.2:7001`,
      '       slots:[5461-10922] (5462 slots) master',
      '       1 additional replica(s)',
      '  Resharding plan:',
      `    Moving slot 10923 from ${id('3')}`,
      `    Moving slot 10924 from ${id('3')}`,
    ]);
    expect(movedSlotLine(10_923, '127.0.0.1:7001', '127.0.0.1:7002', 3)).toBe('Moving slot 10923 from 127.0.0.1:7001 to 127.0.0.1:7002: ...');
    expect(movedSlotLine(10_924, 'a:1', 'b:2', 0)).toBe('Moving slot 10924 from a:1 to b:2: ');
  });
});

describe('replies', () => {
  it('are printed raw as in 8.12', () => {
    expect(rawReply(['maxmemory', '0'])).toBe('maxmemory\n0');
    expect(rawReply([[0, 5461, ['127.0.0.1', 7003, 'id', []]]])).toBe('0\n5461\n127.0.0.1\n7003\nid\n');
    expect(rawReply(new ReplyError("ERR unknown command 'x'"))).toBe("ERR unknown command 'x'\n");
    expect(rawReply(null)).toBe('');
    expect(rawReply(new Map([['a', 1]]))).toBe('a 1');
  });
  it('are printed as JSON values, bytes as UTF-8', () => {
    expect(jsonReply(['\u00c3\u00a9', 1, null, true, new DoubleReply(1.5, '1.5'), 12n])).toEqual({ reply: ['é', 1, null, true, 1.5, '12'] });
    expect(jsonReply(new ReplyError('ERR no'))).toEqual({ error: 'ERR no' });
    expect(jsonReply(new Map([['k', new Set(['v'])]]))).toEqual({ reply: { k: ['v'] } });
  });
});

describe('drawings', () => {
  it('the slot bar is dark where the slots are', () => {
    expect(slotBar(SlotSet.parse('0-8191'), 8)).toBe('████    ');
    expect(slotBar(SlotSet.parse('0-1023,16383'), 8)).toBe('▒      ░');
    expect(slotBar(SlotSet.full(), 4)).toBe('████');
  });
  it('bytes are rounded for display', () => {
    expect([0, 999, 1500, 150_000, 1_400_000, 2.5e12].map(formatBytes)).toEqual(['0 B', '999 B', '1.5 kB', '150 kB', '1.4 MB', '2.5 TB']);
  });
});
