// Prompts of the commands about nodes under a pseudo terminal: right answers, wrong ones, end of input, Ctrl-C.
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { openTerminal, type Terminal } from '../support/cli.js';
import { describeWithRedis, startRedisCluster, waitFor, type RedisNode, type RedisNodes } from '../support/redis-server.js';

const ENTER = '\r';
const CTRL_C = '\u0003';
const CTRL_D = '\u0004';

describeWithRedis('questions about nodes at a terminal', () => {
  /** Masters 0 and 1 with slots, 2 empty; 3 replicates 0, 4 replicates 1, 5 replicates 2. */
  let cluster: RedisNodes;
  let terminal: Terminal | undefined;
  const at = (index: number): string => cluster.nodes[index]?.address ?? '';

  beforeAll(async () => {
    cluster = await startRedisCluster(3, { replicas: 1, slots: [[0, 8191], [8192, 16_383], null] });
  });
  afterEach(() => {
    terminal?.kill();
    terminal = undefined;
  });
  afterAll(() => cluster.stop());

  const open = (...args: string[]): Terminal => (terminal = openTerminal(args));
  const say = async (node: RedisNode | undefined, ...words: string[]): Promise<unknown> => {
    if (node === undefined) throw new Error('no such node');
    await using connection = await node.connect();
    return await connection.command(words);
  };
  const state = async (): Promise<string> => {
    const lines = String(await say(cluster.nodes[0], 'CLUSTER', 'NODES')).trim().split('\n').map((line) => line.split(' '));
    return lines.map((words) => [words[0], words[2]?.replace('myself,', ''), words[3], ...words.slice(8)].join(' ')).sort().join('\n');
  };

  /** Each question with the command line that leads to it. */
  const questions: readonly (readonly [name: string, line: () => string[], question: string])[] = [
    ['del-node', () => ['del-node', at(0), at(2)], 'Remove 127.0.0.1:'],
    ['del-node --drain', () => ['del-node', at(0), at(1), '--drain'], 'Remove 127.0.0.1:'],
    ['failover', () => ['failover', at(3)], 'take the place of'],
    ['failover --takeover', () => ['failover', at(3), '--takeover'], 'whatever the others say'],
    ['forget', () => ['forget', at(0), at(5)], 'Let 6 nodes forget'],
    ['replicate', () => ['replicate', at(2), '--master', at(1)], 'Make 127.0.0.1:'],
    ['reset', () => ['reset', at(2)], 'Reset 127.0.0.1:'],
  ];

  describe.each(questions)('%s', (_, line, question) => {
    it.each([
      ['no', `no${ENTER}`, 4],
      ['y, which is not yes', `y${ENTER}`, 4],
      ['nothing', ENTER, 4],
      ['Ctrl-C', CTRL_C, 130],
      ['the end of input', CTRL_D, 130],
    ])('%s changes nothing', async (__, keys, code) => {
      const before = await state();
      const tty = open(...line());
      await tty.waitFor(question);
      tty.type(keys);
      expect(await tty.exit).toBe(code);
      expect(tty.screen()).toContain(code === 4 ? 'nothing was changed' : 'interrupted');
      expect(await state()).toBe(before);
    });
  });

  // del-node of an empty node goes ahead without a terminal, as the predecessors did; all others need the flag.
  it.each(questions.filter(([name]) => name !== 'del-node'))('%s is not asked with --no-input: exit 2 names the flag', async (_, line) => {
    const tty = open(...line(), '--no-input');
    expect(await tty.exit).toBe(2);
    expect(tty.screen()).toContain('add --yes');
  });

  it('replicate asks for the master when no flag names it; a pasted id selects; Ctrl-C changes nothing', async () => {
    const before = await state();
    const stopped = open('replicate', at(2));
    await stopped.waitFor('Which master shall');
    stopped.type(CTRL_C);
    expect(await stopped.exit).toBe(130);
    const id = String(await say(cluster.nodes[1], 'CLUSTER', 'MYID'));
    const tty = open('replicate', at(2));
    await tty.waitFor('Which master shall');
    tty.type(id.slice(0, 12));
    await waitFor(() => new RegExp(`❯ ${id}`).test(tty.screen()), 'the pasted id to be selected');
    tty.type(ENTER);
    await tty.waitFor('What will be done:');
    await tty.waitFor(`Make ${at(2)} a replica of ${at(1)}?`);
    tty.type(`no${ENTER}`);
    expect(await tty.exit).toBe(4);
    expect(await state()).toBe(before);
  });

  it('yes goes ahead: failover, then del-node with its plan shown first', async () => {
    const over = open('failover', at(3));
    await over.waitFor('take the place of');
    over.type(`yes${ENTER}`);
    expect(await over.exit).toBe(0);
    expect(over.screen()).toContain(`${at(3)} is the master now`);
    const gone = open('del-node', at(1), at(5));
    await gone.waitFor('What will be done:');
    await gone.waitFor(`let 5 nodes forget ${at(5)}`);
    await gone.waitFor(`Remove ${at(5)} from the cluster?`);
    gone.type(`yes${ENTER}`);
    expect(await gone.exit).toBe(0);
    expect(gone.screen()).toContain(`${at(5)} is out of the cluster`);
    expect((await state()).split('\n')).toHaveLength(5);
  });
});
