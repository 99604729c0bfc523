// Every prompt under a pseudo terminal: right answers, wrong ones, no, Ctrl-C, end of input; and what a person sees.
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { openTerminal, runCli, type Terminal } from '../support/cli.js';
import { describeWithRedis, startClusterNodes, startRedis, startRedisCluster, waitFor, type RedisNode, type RedisNodes } from '../support/redis-server.js';

const ENTER = '\r';
const DOWN = '\u001b[B';
const CTRL_C = '\u0003';
const CTRL_D = '\u0004';

describeWithRedis('prompts at a terminal', () => {
  let empty: RedisNodes;
  let cluster: RedisNodes;
  let locked: RedisNode;
  let terminal: Terminal | undefined;

  beforeAll(async () => {
    [empty, cluster, locked] = await Promise.all([startClusterNodes(3), startRedisCluster(3), startRedis(['--cluster-enabled', 'yes', '--requirepass', 'secret'])]);
  });
  afterEach(() => {
    terminal?.kill();
    terminal = undefined;
  });
  afterAll(() => Promise.all([empty.stop(), cluster.stop(), locked.stop()]));

  const open = (...args: string[]): Terminal => (terminal = openTerminal(args));
  const ask = async (node: RedisNode | undefined, ...words: string[]): Promise<unknown> => {
    if (node === undefined) throw new Error('no such node');
    await using connection = await node.connect();
    return await connection.command(words);
  };
  const slotsOf = async (index: number): Promise<number> => {
    const text = String(await ask(cluster.nodes[index], 'CLUSTER', 'NODES'));
    const mine = text.split('\n').find((line) => line.includes('myself'))?.split(' ').slice(8) ?? [];
    return mine.reduce((sum, range) => {
      const [first = 0, last = first] = range.split('-').map(Number);
      return sum + last - first + 1;
    }, 0);
  };
  const createArgs = (): string[] => ['create', ...empty.nodes.map((node) => node.address)];

  it.each([
    ['no', 4],
    ['', 4],
    ['y', 4],
  ])('create: "%s" changes nothing, exit %d', async (answer, code) => {
    const tty = open(...createArgs());
    await tty.waitFor('Can I set the above configuration? (type \'yes\' to accept):');
    tty.type(answer + ENTER);
    expect(await tty.exit).toBe(code);
    expect(tty.screen()).toContain('nothing was changed');
    expect(String(await ask(empty.nodes[0], 'CLUSTER', 'INFO'))).toContain('cluster_known_nodes:1');
  });

  it.each([
    ['Ctrl-C', CTRL_C],
    ['the end of input', CTRL_D],
  ])('create: %s at the prompt exits 130 and changes nothing', async (_, key) => {
    const tty = open(...createArgs());
    await tty.waitFor('Can I set the above configuration?');
    tty.type(key);
    expect(await tty.exit).toBe(130);
    expect(String(await ask(empty.nodes[0], 'CLUSTER', 'INFO'))).toContain('cluster_known_nodes:1');
  });

  it('create joins the nodes after yes, and shows them as tables', async () => {
    const tty = open(...createArgs());
    await tty.waitFor('A cluster of 3 nodes, 3 masters');
    await tty.waitFor('Can I set the above configuration?');
    tty.type(`yes${ENTER}`);
    expect(await tty.exit).toBe(0);
    expect(tty.screen()).toContain('✔ All 3 nodes agree about the slots');
    expect(tty.screen()).toContain('✔ All 16384 slots covered');
  });

  it('reshard asks how many, to which node, from which nodes; shows the plan; moves after yes', async () => {
    const before = await slotsOf(1);
    const id = String(await ask(cluster.nodes[1], 'CLUSTER', 'MYID'));
    const tty = open('reshard', cluster.seed);
    await tty.waitFor('How many slots do you want to move (from 1 to 16384)?');
    tty.type(`many${ENTER}`);
    await tty.waitFor('Invalid number of slots: many');
    tty.type(`\u007f\u007f\u007f\u007f${9}${ENTER}`);
    await tty.waitFor('What is the receiving node ID?');
    tty.type(id); // a pasted id selects its node
    await waitFor(() => new RegExp(`❯ ${id.slice(0, 8)}`).test(tty.screen()), 'the pasted id to be selected');
    tty.type(ENTER);
    await tty.waitFor('Please enter all the source node IDs.');
    await tty.waitFor('Source node #1:');
    tty.type(`all${ENTER}`);
    await tty.waitFor('Ready to move 9 slots');
    await tty.waitFor('Do you want to proceed with the proposed reshard plan (yes/no)?');
    tty.type(`yes${ENTER}`);
    expect(await tty.exit).toBe(0);
    expect(tty.screen()).toContain('Moved 9 slots');
    expect(await slotsOf(1)).toBe(before + 9);
  });

  it('reshard lets sources be chosen one by one, at least one', async () => {
    const before = await slotsOf(2);
    const tty = open('reshard', cluster.seed, '--slots', '3', '--to', cluster.nodes[2]?.address ?? '');
    await tty.waitFor('Source node #1:');
    tty.type(`done${ENTER}`);
    await tty.waitFor('No node has been given yet');
    tty.type(DOWN + ENTER); // the second of the list
    const second = cluster.nodes.slice(0, 2).sort((a, b) => a.port - b.port)[1];
    await tty.waitFor(`Source node #1: ${String(await ask(second, 'CLUSTER', 'MYID')).slice(0, 8)}`);
    await tty.waitFor('Source node #2:');
    tty.type(ENTER); // done stands first now
    await tty.waitFor('(yes/no)?');
    tty.type(`yes${ENTER}`);
    expect(await tty.exit).toBe(0);
    expect(await slotsOf(2)).toBe(before + 3);
  });

  it('reshard moves nothing after no at the plan, exit 4', async () => {
    const before = await slotsOf(2);
    const tty = open('reshard', cluster.seed, '--slots', '3', '--to', cluster.nodes[2]?.address ?? '', '--from', 'all');
    await tty.waitFor('(yes/no)?');
    tty.type(`no${ENTER}`);
    expect(await tty.exit).toBe(4);
    expect(await slotsOf(2)).toBe(before);
  });

  it('--askpass asks without echo', async () => {
    const tty = open('info', locked.address, '--askpass');
    await tty.waitFor('Please input password:');
    tty.type(`secret${ENTER}`);
    expect(await tty.exit).toBe(0);
    expect(tty.screen()).not.toContain('secret');
    expect(tty.screen()).toContain('0 keys in 1 master;');
  });

  it('--no-input never asks, even at a terminal', async () => {
    const tty = open('reshard', cluster.seed, '--no-input');
    expect(await tty.exit).toBe(2);
    expect(tty.screen()).toContain('add --slots');
  });

  it('--yes asks nothing at a terminal', async () => {
    const tty = open('reshard', cluster.seed, '--slots', '1', '--to', cluster.nodes[0]?.address ?? '', '--from', 'all', '--yes');
    expect(await tty.exit).toBe(0);
  });

  it('check of a healthy cluster prints a coloured table at a terminal, and plain lines in a pipe', async () => {
    const tty = open('check', cluster.seed);
    expect(await tty.exit).toBe(0);
    expect(tty.screen()).toMatch(/node +role +id +keys +slots/);
    expect((await runCli(['check', cluster.seed])).stdout).not.toContain('\u001b');
    expect((await runCli(['check', cluster.seed, '-o', 'table'], { env: { FORCE_COLOR: '1' } })).stdout).toContain('\u001b[32m✔');
    expect((await runCli(['check', cluster.seed, '-o', 'table'], { env: { FORCE_COLOR: '1', NO_COLOR: '1' } })).stdout).not.toContain('\u001b');
  });
});
