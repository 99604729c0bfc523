// The questions of fix about slots whose keys are on some node, or whose other side is gone, under a pseudo terminal: wrong
// answers, Ctrl-C and the end of input change nothing; without a terminal the message names the flag; while one fix asks,
// another is refused; yes repairs. The other questions of fix (slots without keys, several owners, keys with two values) are in
// test/commands/fix.test.ts.
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { Connection } from '../../src/client/connection.js';
import { BrokenCluster, runHere } from '../support/broken-cluster.js';
import { openTerminal, type Terminal } from '../support/cli.js';
import { describeWithRedis, startRedisCluster, waitFor, type RedisNodes } from '../support/redis-server.js';

const HOLDER = 100;
const MOVING = 102;
const ABSENT = 104;

describeWithRedis('questions of fix', () => {
  let nodes: RedisNodes;
  let c: BrokenCluster;
  let open: Terminal[] = [];

  beforeAll(async () => {
    // The fourth master owns no slots and is killed while it imports one.
    nodes = await startRedisCluster(4, { slots: [[0, 5460], [5461, 10_922], [10_923, 16_383], null], extraArgs: ['--cluster-node-timeout', '1000'] });
    c = await BrokenCluster.open(nodes.nodes, ({ host, port }) => Connection.connect({ host, port }));
    await c.put(0, ABSENT, { a: '1' });
    await c.setSlot(0, ABSENT, 'MIGRATING', 3);
    await nodes.nodes[3]?.kill();
    await waitFor(async () => (await Promise.all([0, 1, 2].map((index) => c.send(index, 'CLUSTER', 'NODES')))).every((text) => / master,fail /.test(String(text))), 'its death to be known');
  });
  afterEach(() => {
    for (const terminal of open) terminal.kill();
    open = [];
  });
  afterAll(async () => {
    c.close();
    await nodes.stop();
  });

  const ask = (): Terminal => {
    const terminal = openTerminal(['fix', c.seed]);
    open.push(terminal);
    return terminal;
  };
  const uncover = async (slot: number): Promise<void> => void (await Promise.all([0, 1, 2].map((index) => c.send(index, 'CLUSTER', 'DELSLOTS', slot).catch(() => undefined))));
  const state = async (slot: number): Promise<string> => JSON.stringify([await c.claimants(slot), await c.holders(slot)]);

  // In this order: each ends repaired, so that the next is the only question.
  it.each([
    ['the other side cannot be reached', ABSENT, 'The other node of these slots cannot be reached: close them?', '--close-absent', [[0], { a: [0] }]],
    ['keys on one node', HOLDER, 'Fix these slots by covering with those nodes?', '--cover-holder', [[2], { a: [2] }]],
    ['keys on several nodes', MOVING, 'Fix these slots by moving keys into a single node?', '--cover-moving', [[1], { a: [1], b: [1], c: [1] }]],
  ] as const)('%s', async (_, slot, question, flag, repaired) => {
    if (slot === HOLDER) await c.put(2, slot, { a: '1' }, 0);
    if (slot === MOVING) await Promise.all([c.put(0, slot, { a: '1' }), c.put(1, slot, { b: '2', c: '3' }, 0)]);
    if (slot !== ABSENT) await uncover(slot);
    const before = await state(slot);
    // One after the other: fix keeps other movers away while it asks.
    for (const [keys, code] of [['no\r', 4], ['\r', 4], ['\u0003', 130], ['\u0004', 130]] as const) {
      const terminal = ask();
      await terminal.waitFor(question);
      terminal.type(keys);
      expect([keys, await terminal.exit]).toEqual([keys, code]);
      expect(terminal.screen()).toContain('nothing was changed');
    }
    const piped = await runHere(['fix', c.seed]);
    expect(piped).toMatchObject({ code: 2, stderr: expect.stringContaining(`add ${flag}`) as string });
    expect(await state(slot)).toBe(before);
    const terminal = ask();
    await terminal.waitFor(question);
    if (slot === ABSENT) expect(await runHere(['fix', c.seed])).toMatchObject({ code: 1, stderr: expect.stringMatching(/Another redis-trib .*\n.*waits for an answer/) as string });
    terminal.type('yes\r');
    await terminal.exit;
    expect(JSON.parse(await state(slot)), terminal.screen()).toEqual(repaired);
  });
});
