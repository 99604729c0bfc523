// The lines of redis-trib.rb where they differ from redis-cli's: the text of cli.md 8.14 and of the remarks in 4,
// made from data. The lines that both have are in views.test.ts.
import { PassThrough } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { checkView } from '../../src/cluster/findings.js';
import { parseNodesText } from '../../src/cluster/nodes-text.js';
import { ClusterView } from '../../src/cluster/view.js';
import { planCreate } from '../../src/plan/create.js';
import type { SlotKeyCounts } from '../../src/plan/fix/facts.js';
import { planFix } from '../../src/plan/fix/plan.js';
import { planRebalance } from '../../src/plan/rebalance.js';
import { planReshard } from '../../src/plan/reshard.js';
import type { Step } from '../../src/plan/step.js';
import { createIo } from '../../src/ui/io.js';
import { showJoining } from '../../src/ui/joining.js';
import { showSteps } from '../../src/ui/node-steps.js';
import { lineDialect } from '../../src/ui/terminal.js';
import { checkLines } from '../../src/ui/views/check-lines.js';
import { nodeListLines } from '../../src/ui/views/cluster-lines.js';
import { createPlanLines } from '../../src/ui/views/create-lines.js';
import { wordingOf } from '../../src/ui/views/dialect.js';
import { fixPlanLines } from '../../src/ui/views/fix-lines.js';
import { connectingLines } from '../../src/ui/views/import-lines.js';
import { notNeededLine, rebalanceHeadLines } from '../../src/ui/views/rebalance-lines.js';
import { reshardPlanLines } from '../../src/ui/views/reshard-lines.js';
import { nodeFrom } from '../support/views.js';

const TRIB = 'redis-trib.rb';
const id = (digit: number): string => String(digit).repeat(40);

/** Masters 7001, 7002, … on one host, each with these slots and marks; `R2` is a replica of the second. */
function viewOf(...slots: readonly string[]): ClusterView {
  const text = (self: number): string =>
    slots
      .map((tokens, index) => {
        const replica = /^R(\d)$/.exec(tokens)?.[1];
        const flags = `${index === self ? 'myself,' : ''}${replica === undefined ? 'master' : 'slave'}`;
        const own = index === self ? tokens : tokens.replace(/ ?\[[^\]]*\]/g, '');
        return `${id(index + 1)} 127.0.0.1:${7001 + index}@${17_001 + index} ${flags} ${replica === undefined ? '-' : id(Number(replica))} 0 0 ${index + 1} connected ${replica === undefined ? own : ''}`.trimEnd();
      })
      .join('\n');
  return new ClusterView(slots.map((_, self) => nodeFrom(parseNodesText(text(self)))));
}

/** Keys of slots by number of the node. */
function counts(...held: readonly (readonly [node: number, slot: number, keys: number])[]): SlotKeyCounts {
  const map = new Map<string, Uint32Array>();
  for (const [node, slot, keys] of held) {
    const list = map.get(id(node)) ?? new Uint32Array(16_384);
    list[slot] = keys;
    map.set(id(node), list);
  }
  return map;
}

const fixLines = (view: ClusterView, keys: SlotKeyCounts): string[] => fixPlanLines(view, planFix(view, keys), TRIB).map((line) => (/^ {4}(safe|careful|dangerous): /.test(line) ? 'WHY' : line));
const check = (view: ClusterView): string[] => checkLines(view, checkView(view), { quiet: true, dialect: TRIB });

describe('the chosen dialect', () => {
  it('applies in plain mode only', () => {
    expect(lineDialect('plain', { lines: TRIB })).toBe(TRIB);
    expect(lineDialect('plain', {})).toBe('redis-cli');
    expect([lineDialect('table', { lines: TRIB }), lineDialect('json', { lines: TRIB })]).toEqual(['redis-cli', 'redis-cli']);
  });
});

describe('node list (4.2)', () => {
  it('has ranges without brackets, and the line 0 additional replica(s)', () => {
    expect(nodeListLines(viewOf('0-5460 6000', '5461-5999 6001-10922', 'R2'), TRIB)).toEqual([
      `M: ${id(1)} 127.0.0.1:7001`,
      '   slots:0-5460,6000 (5462 slots) master',
      '   0 additional replica(s)',
      `M: ${id(2)} 127.0.0.1:7002`,
      '   slots:5461-5999,6001-10922 (5461 slots) master',
      '   1 additional replica(s)',
      `S: ${id(3)} 127.0.0.1:7003`,
      '   slots: (0 slots) slave',
      `   replicates ${id(2)}`,
    ]);
  });
});

describe('check (4.4, 8.14)', () => {
  it('lists open slots in parentheses, without a full stop after the union, in the order first seen', () => {
    const view = viewOf(`0-5460 [97->-${id(2)}] [93->-${id(3)}]`, `5461-10922 [12-<-${id(1)}]`, '10923-16383');
    expect(check(view)).toEqual([
      '>>> Performing Cluster Check (using node 127.0.0.1:7001)',
      '[OK] All nodes agree about slots configuration.',
      '>>> Check for open slots...',
      '[WARNING] Node 127.0.0.1:7001 has slots in migrating state (93,97).',
      '[WARNING] Node 127.0.0.1:7002 has slots in importing state (12).',
      '[WARNING] The following slots are open: 93,97,12',
      '>>> Check slots coverage...',
      '[OK] All 16384 slots covered.',
    ]);
  });
  it('has no empty line after uncovered slots', () => {
    expect(check(viewOf('0-5460', '5461-10922', '10923-16382')).slice(-2)).toEqual(['>>> Check slots coverage...', '[ERR] Not all 16384 slots are covered by nodes.']);
  });
});

describe('create (4.6, 8.14)', () => {
  const plan = (hosts: readonly string[], replicas: number): ReturnType<typeof planCreate> =>
    planCreate(hosts.map((host, index) => ({ id: id(index + 1), name: `${host}:${7001 + index}`, host, port: 7001 + index, flags: ['myself', 'master'] })), { replicas });
  it('lists three masters', () => {
    expect(createPlanLines(plan(['127.0.0.1', '127.0.0.1', '127.0.0.1'], 0), TRIB)).toEqual([
      '>>> Creating cluster',
      '>>> Performing hash slots allocation on 3 nodes...',
      'Using 3 masters:',
      '127.0.0.1:7001',
      '127.0.0.1:7002',
      '127.0.0.1:7003',
      `M: ${id(1)} 127.0.0.1:7001`,
      '   slots:0-5460 (5461 slots) master',
      `M: ${id(2)} 127.0.0.1:7002`,
      '   slots:5461-10922 (5462 slots) master',
      `M: ${id(3)} 127.0.0.1:7003`,
      '   slots:10923-16383 (5461 slots) master',
    ]);
  });
  it('lists replicas, extra ones without a heading', () => {
    const lines = createPlanLines(plan(['a', 'a', 'a', 'b', 'b', 'c', 'c'], 1), TRIB);
    expect(lines.slice(2, 12)).toEqual([
      'Using 3 masters:',
      'a:7001',
      'b:7004',
      'c:7006',
      'Adding replica b:7005 to a:7001',
      'Adding replica c:7007 to b:7004',
      'Adding replica a:7003 to c:7006',
      'Adding replica a:7002 to a:7001',
      '>>> Trying to optimize slaves allocation for anti-affinity',
      '[OK] Perfect anti-affinity obtained!',
    ]);
    expect(lines).toContain(`   replicates ${id(4)}`);
  });

  it.each([
    ['create', TRIB, 'Waiting for the cluster to join..\n'],
    ['create', 'redis-cli', 'Waiting for the cluster to join\n..\n'],
    ['add-node', TRIB, 'Waiting for the cluster to join..\n'],
    ['add-node', 'redis-cli', 'Waiting for the cluster to join\n..\n'],
  ] as const)('%s waits in the lines of %s', async (command, lines, shown) => {
    const [stdin, stdout, stderr] = [new PassThrough(), new PassThrough(), new PassThrough()];
    const io = await createIo({ stdin, stdout, stderr }, {}, { lines });
    const line = (step: Step): string | undefined => (step.kind === 'await-agreement' ? 'Waiting for the cluster to join' : undefined);
    const { onEvent } = command === 'create' ? await showJoining(io, 3) : await showSteps(io, 'Adding', (node) => node, line, 'await-agreement');
    const step: Step = { kind: 'await-agreement' };
    onEvent({ kind: 'stepStarted', step, index: 0 });
    for (const waitedMs of [0, 500, 1000]) onEvent({ kind: 'waiting', for: 'agreement', waitedMs });
    onEvent({ kind: 'stepDone', step, index: 0 });
    expect(String(stdout.read())).toBe(shown);
  });
});

describe('reshard (8.14)', () => {
  it('indents only the first line of a node', () => {
    const view = viewOf('0-5460', '5461-10922', '10923-16383');
    const plan = planReshard(view, { amount: { count: 2 }, from: [id(1)], to: [id(2)] });
    expect(reshardPlanLines(view, plan, TRIB)).toEqual([
      '',
      'Ready to move 2 slots.',
      '  Source nodes:',
      `    M: ${id(1)} 127.0.0.1:7001`,
      '   slots:0-5460 (5461 slots) master',
      '   0 additional replica(s)',
      '  Destination node:',
      `    M: ${id(2)} 127.0.0.1:7002`,
      '   slots:5461-10922 (5462 slots) master',
      '   0 additional replica(s)',
      '  Resharding plan:',
      `    Moving slot 0 from ${id(1)}`,
      `    Moving slot 1 from ${id(1)}`,
    ]);
  });
});

describe('rebalance (2.7)', () => {
  const view = viewOf('0-5460', '5461-10922', '10923-16383');
  it.each([
    [{}, 2, '>>> Rebalancing across 3 nodes. Total weight = 3'],
    [{ [id(1)]: 3 }, 2, '>>> Rebalancing across 3 nodes. Total weight = 5'],
    [{ [id(1)]: 0.5 }, 2, '>>> Rebalancing across 3 nodes. Total weight = 2.5'],
    [{ [id(1)]: 0.1, [id(2)]: 0.1 }, 2, '>>> Rebalancing across 3 nodes. Total weight = 1.2'], // no 1.2000000476837158
  ])('prints the sum of weights %j as a bare number', (weights, threshold, line) => {
    expect(rebalanceHeadLines(planRebalance(view, { weights: new Map(Object.entries(weights)), threshold }), false, TRIB)).toEqual([line]);
  });
  it.each([[2, '2.0'], [2.5, '2.5'], [10, '10.0']])('a threshold of %d is %s%%', (threshold, text) => {
    expect(notNeededLine(planRebalance(view, { threshold }), TRIB)).toBe(`*** No rebalancing needed! All nodes are within the ${text}% threshold.`);
  });
});

describe('fix (4.5, 8.14)', () => {
  it('prints the lines of a slot open on both nodes', () => {
    const view = viewOf(`0-5460 [16383-<-${id(3)}]`, '5461-10922', `10923-16383 [16383->-${id(1)}]`);
    expect(check(view).slice(3, 6)).toEqual([
      '[WARNING] Node 127.0.0.1:7001 has slots in importing state (16383).',
      '[WARNING] Node 127.0.0.1:7003 has slots in migrating state (16383).',
      '[WARNING] The following slots are open: 16383',
    ]);
    expect(fixLines(view, counts())).toEqual(['>>> Fixing open slot 16383', 'Set as migrating in: 127.0.0.1:7003', 'Set as importing in: 127.0.0.1:7001', 'WHY']);
  });
  it('prints both lists even when empty; names the owner where keys move back; prints nothing more where a slot is closed', () => {
    const view = viewOf(`0-5460 [9->-${id(2)}]`, `5461-10922 [7-<-${id(1)}]`, '10923-16383');
    expect(fixLines(view, counts([2, 7, 3], [3, 7, 1]))).toEqual([
      '>>> Fixing open slot 7',
      '*** Found keys about slot 7 in node 127.0.0.1:7003!',
      'Set as migrating in: ',
      'Set as importing in: 127.0.0.1:7002',
      '>>> Moving all the 7 slot keys to its owner 127.0.0.1:7001',
      'WHY',
      '>>> Fixing open slot 9',
      'Set as migrating in: 127.0.0.1:7001',
      'Set as importing in: ',
      'WHY',
    ]);
  });
  it('prints the lines of one uncovered slot', () => {
    const view = viewOf('0-5460', '5461-10922', '10923-16382');
    const lines = [...check(view).slice(-1), ...fixLines(view, counts())];
    expect(lines).toEqual([
      '[ERR] Not all 16384 slots are covered by nodes.',
      '>>> Fixing slots coverage...',
      'List of not covered slots: 16383',
      'Slot 16383 has keys in 0 nodes: ',
      'The folowing uncovered slots have no keys across the cluster:',
      '16383',
      expect.stringMatching(/^>>> Covering slot 16383 with 127\.0\.0\.1:700[13]$/),
      'WHY',
    ]);
  });
  it('prints one ascending list of uncovered slots with keys on no, one and several nodes, then the headings in order', () => {
    const view = viewOf('5-5460', '5461-10922', '10923-16383');
    const lines = fixLines(view, counts([3, 1, 1], [1, 2, 5], [2, 2, 1])).filter((line) => !/^(>>> Covering|WHY)/.test(line));
    expect(lines).toEqual([
      '>>> Fixing slots coverage...',
      'List of not covered slots: 0,1,2,3,4',
      'Slot 0 has keys in 0 nodes: ',
      'Slot 1 has keys in 1 nodes: 127.0.0.1:7003',
      'Slot 2 has keys in 2 nodes: 127.0.0.1:7001, 127.0.0.1:7002',
      'Slot 3 has keys in 0 nodes: ',
      'Slot 4 has keys in 0 nodes: ',
      'The folowing uncovered slots have no keys across the cluster:',
      '0,3,4',
      'The folowing uncovered slots have keys in just one node:',
      '1',
      'The folowing uncovered slots have keys in multiple nodes:',
      '2',
    ]);
  });
});

describe('import, call and set-timeout (2.11, 2.12, 2.13)', () => {
  it('import prints that it connects, and an error after its key', () => {
    expect([connectingLines(TRIB), connectingLines('redis-cli')]).toEqual([['>>> Connecting to the source Redis instance'], []]);
    expect(wordingOf(TRIB).busyKey('h:1')).toMatch(/^ERR Target instance replied with error: BUSYKEY /);
    expect(wordingOf('redis-cli').busyKey('h:1')).toMatch(/^Source h:1 replied with error:\nERR Target instance replied with error: BUSYKEY /);
  });
  it('call shows the command in capitals and its words unchanged', () => {
    expect(wordingOf(TRIB).command(['config', 'get', 'maxmemory'])).toBe('CONFIG get maxmemory');
    expect(wordingOf(TRIB).command(['\xffx'])).toBe('\xffX'); // bytes, not letters
    expect(wordingOf('redis-cli').command(['config', 'get', 'maxmemory'])).toBe('config get maxmemory');
  });
  it('set-timeout misspells the parameter in its error, as redis-trib.rb does', () => {
    expect([wordingOf(TRIB).nodeTimeout, wordingOf('redis-cli').nodeTimeout]).toEqual(['node-timeot', 'node-timeout']);
  });
});
