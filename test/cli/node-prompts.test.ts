// The questions about single nodes, saved plans, local clusters and passwords under a pseudo terminal: no, nothing at all,
// Ctrl-C and the end of input change nothing; without a terminal the flag is named at once; yes does it. Those of create
// and reshard: prompts.test.ts, reshard-prompts.test.ts; of fix, rebalance and import: test/commands.
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { runHere } from '../support/broken-cluster.js';
import { openTerminal, runCli, type Terminal } from '../support/cli.js';
import { describeWithRedis, freePort, startRedis, startRedisCluster, waitFor, type RedisNode, type RedisNodes } from '../support/redis-server.js';

const ENTER = '\r';
const CTRL_C = '\u0003';
const CTRL_D = '\u0004';

interface Question {
  readonly name: string;
  readonly asks: string;
  readonly args: readonly string[];
  /** Where the same question would be put without a terminal, when the words for that differ. */
  readonly piped?: readonly string[];
  readonly flag: string;
}

describeWithRedis('questions about nodes', () => {
  let cluster: RedisNodes;
  let folder: string;
  let open: Terminal[] = [];
  const at = (index: number): string => cluster.nodes[index]?.address ?? '';
  const ids: string[] = [];

  const nodesText = async (index: number): Promise<string> => {
    await using link = await cluster.nodes[index]!.connect();
    return String(await link.command(['CLUSTER', 'NODES']));
  };
  /** The nodes, their slots and replicas as listed by node 1, and the keys of node 2. */
  const state = async (): Promise<string> => {
    const lines = (await nodesText(1)).trim().split('\n').map((line) => line.split(' ').filter((_, at) => at !== 4 && at !== 5).join(' '));
    return [...lines.sort(), (await nodesText(2)).trim().split('\n').length, existsSync(join(folder, 'redis-trib-local'))].join('\n');
  };
  const ask = (args: readonly string[]): Terminal => {
    const terminal = openTerminal(args, { cwd: folder });
    open.push(terminal);
    return terminal;
  };

  beforeAll(async () => {
    // Two masters with slots, an empty one, and a replica of each.
    cluster = await startRedisCluster(3, { replicas: 1, slots: [[0, 8191], [8192, 16383], null] });
    folder = mkdtempSync(join(tmpdir(), 'redis-trib-prompts-'));
    for (const node of cluster.nodes) {
      await using link = await node.connect();
      ids.push(String(await link.command(['CLUSTER', 'MYID'])));
    }
    await runHere(['reshard', at(0), '--from', at(0), '--to', at(1), '--slots', '5', '--plan-out', join(folder, 'plan.json'), '--dry-run']);
    expect(await runCli(['local', 'start', '--masters', '1', '--replicas', '0', '--port', String(await freePort())], { cwd: folder })).toMatchObject({ code: 0 });
  });
  afterEach(() => {
    for (const terminal of open) terminal.kill();
    open = [];
  });
  afterAll(async () => {
    await runCli(['local', 'clean', '--yes'], { cwd: folder });
    await cluster.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  const questions = (): readonly Question[] => [
    { name: 'apply', args: ['apply', 'plan.json'], asks: 'Do you want to apply this plan (yes/no)?', flag: '--yes' },
    { name: 'del-node', args: ['del-node', at(1), at(2)], piped: ['del-node', at(1), at(0), '--drain'], asks: `Remove ${at(2)} from the cluster? (type 'yes' to accept):`, flag: '--yes' },
    { name: 'failover', args: ['failover', at(3)], asks: `Promote ${at(3)} in place of ${at(0)}? (type 'yes' to accept):`, flag: '--yes' },
    { name: 'replicate', args: ['replicate', at(2), '--master', at(1)], asks: `Make ${at(2)} a replica of ${at(1)}? (type 'yes' to accept):`, flag: '--yes' },
    { name: 'forget', args: ['forget', at(1), at(5)], asks: "which is running)? (type 'yes' to accept):", flag: '--yes' },
    { name: 'reset', args: ['reset', at(2)], asks: "it leaves its cluster of 6 nodes? (type 'yes' to accept):", flag: '--yes' },
    { name: 'local clean', args: ['local', 'clean'], asks: "delete all their files in", flag: '--yes' },
    { name: 'del-node --drain', args: ['del-node', at(1), at(0), '--drain'], asks: `Remove ${at(0)} from the cluster? (type 'yes' to accept):`, flag: '--yes' },
  ];

  it.each([0, 1, 2, 3, 4, 5, 6, 7])('question %i accepts only yes, and other answers change nothing', async (index) => {
    const { name, args, asks } = questions()[index]!;
    const before = await state();
    const leave = async (keys: string): Promise<[string, number]> => {
      const terminal = ask(args);
      await terminal.waitFor(asks);
      terminal.type(keys);
      await terminal.waitFor('nothing was changed'); // The end of the process may be noticed before its last output.
      return [keys, await terminal.exit];
    };
    const pairs = [[`no${ENTER}`, ENTER], [`y${ENTER}`, CTRL_C], [`yes${CTRL_C}`, CTRL_D]];
    const codes = [];
    for (const pair of pairs) codes.push(...(await Promise.all(pair.map(leave))).map(([, code]) => code));
    expect([name, ...codes]).toEqual([name, 4, 4, 4, 130, 130, 130]);
    expect(await state()).toBe(before);
  });

  it('exit with 2 at once and name the flag with an empty stdin, and with --no-input at a terminal', async () => {
    const before = await state();
    for (const { name, args, piped, flag } of questions()) {
      const run = await runCli(piped ?? args, { cwd: folder });
      expect(run, name).toMatchObject({ code: 2 });
      expect(run.stderr, name).toContain(`add ${flag}`);
    }
    const select = await runCli(['replicate', at(2)]);
    expect(select).toMatchObject({ code: 2, stderr: expect.stringContaining('add --master NODE') as string });
    const terminal = ask(['reset', at(2), '--no-input']);
    expect(await terminal.exit).toBe(2);
    expect(await state()).toBe(before);
  });

  it.each([['Ctrl-C', CTRL_C], ['the end of input', CTRL_D]])('replicate exits 130 after %s at the list of masters', async (_, key) => {
    const terminal = ask(['replicate', at(2)]);
    await terminal.waitFor(`Which master should ${at(2)} replicate?`);
    terminal.type(key);
    expect(await terminal.exit).toBe(130);
    expect(terminal.screen()).toContain('nothing was changed');
  });

  const answerYes = async (args: readonly string[], asks: string): Promise<string> => {
    const terminal = ask(args);
    await terminal.waitFor(asks);
    terminal.type(`yes${ENTER}`);
    const code = await terminal.exit;
    expect(code, terminal.screen()).toBe(0);
    return terminal.screen();
  };

  it('accept yes: apply moves the slots, failover swaps the roles, local clean leaves nothing', async () => {
    const [apply, , failover, , , , clean] = questions();
    await answerYes(apply!.args, apply!.asks);
    expect(await nodesText(1)).toMatch(/ 0-4 8192-16383/);
    await answerYes(failover!.args, failover!.asks);
    await waitFor(async () => new RegExp(`${ids[0]} .* slave ${ids[3]}`).test(await nodesText(1)), 'the old master to follow');
    await answerYes(clean!.args, clean!.asks);
    expect(existsSync(join(folder, 'redis-trib-local'))).toBe(false);
  });

  it('accept yes: replicate with the master chosen from the list by its id; then reset, forget, del-node and del-node --drain', async () => {
    const terminal = ask(['replicate', at(2)]);
    await terminal.waitFor(`Which master should ${at(2)} replicate?`);
    terminal.type(ids[3]! + ENTER); // a pasted id selects its node
    await terminal.waitFor(`Make ${at(2)} a replica of ${at(3)}?`);
    terminal.type(`yes${ENTER}`);
    expect(await terminal.exit).toBe(0);
    expect(await nodesText(1)).toMatch(new RegExp(`${ids[2]} .* slave ${ids[3]}`));
    await answerYes(['reset', at(5)], 'it leaves its cluster of 6 nodes?');
    await answerYes(['forget', at(1), ids[5]!], "(type 'yes' to accept):");
    await answerYes(['del-node', at(1), at(2)], `Remove ${at(2)} from the cluster?`);
    expect((await nodesText(1)).trim().split('\n')).toHaveLength(4);
    const screen = await answerYes(['del-node', at(1), at(3), '--drain'], `Remove ${at(3)} from the cluster?`);
    expect(screen).toMatch(/Moved 8,187 slots/);
    expect(await nodesText(1)).toMatch(/^\S+ \S+ myself,master .* 0-16383$/m);
    expect((await nodesText(1)).trim().split('\n')).toHaveLength(3);
  });
});

describeWithRedis('questions for passwords', () => {
  let locked: RedisNode;
  let cluster: RedisNodes;
  let terminal: Terminal | undefined;

  beforeAll(async () => {
    [locked, cluster] = await Promise.all([startRedis(['--requirepass', 'secret', '--cluster-enabled', 'yes']), startRedisCluster(3)]);
  });
  afterEach(() => {
    terminal?.kill();
    terminal = undefined;
  });
  afterAll(() => Promise.all([locked.stop(), cluster.stop()]));

  const questions = (): readonly (readonly [string, readonly string[]])[] => [
    ['Please input password:', ['info', locked.address, '--askpass']],
    ['Please input import source node password:', ['import', cluster.seed, '--from', locked.address, '--copy', '--from-askpass']],
  ];

  it.each([
    [0, `wrong${ENTER}`, 3],
    [0, ENTER, 3],
    [0, CTRL_C, 130],
    [0, CTRL_D, 130],
    [1, `wrong${ENTER}`, 3],
    [1, ENTER, 3],
    [1, CTRL_C, 130],
    [1, CTRL_D, 130],
  ])('question %i answered with %j exits %i and shows no password', async (index, keys, code) => {
    const [asks, args] = questions()[index]!;
    terminal = openTerminal(args);
    await terminal.waitFor(asks);
    terminal.type(keys);
    expect(await terminal.exit).toBe(code);
    expect(terminal.screen()).not.toContain('wrong\r');
    if (code === 3) expect(terminal.screen()).toMatch(/WRONGPASS|NOAUTH/);
    if (code === 3) expect(terminal.screen()).toContain('try:');
  });

  it.each([0, 1])('question %i without a terminal exits 2 and names a file and a variable instead', async (index) => {
    const run = await runCli(questions()[index]![1], { input: 'secret\n' });
    expect(run).toMatchObject({ code: 2, stdout: '' });
    expect(run.stderr).toMatch(/add --(from-)?password-file FILE or RED/);
  });
});
