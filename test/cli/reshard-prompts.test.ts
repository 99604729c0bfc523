// Every question of reshard and apply under a pseudo terminal, left by Ctrl-C, by the end of input, or answered with no: the
// exit code says so and no slot has moved.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { openCluster } from '../../src/apply/open-cluster.js';
import { openTerminal, runCli, type Terminal } from '../support/cli.js';
import { describeWithRedis, startRedisCluster, type RedisNodes } from '../support/redis-server.js';

describeWithRedis('leaving the questions of reshard', () => {
  let cluster: RedisNodes;
  let folder: string;
  let before: string;
  let terminal: Terminal | undefined;

  const owners = async (): Promise<string> => {
    await using opened = await openCluster(cluster.seed);
    return opened.view.masters.map((node) => `${node.id} ${node.slots.toString()}`).sort().join('\n');
  };
  const to = (): string => cluster.nodes[1]?.address ?? '';

  beforeAll(async () => {
    cluster = await startRedisCluster(4, { slots: [[0, 5460], [5461, 10_922], [10_923, 16_383], null] });
    folder = mkdtempSync(join(tmpdir(), 'redis-trib-prompts-'));
    before = await owners();
  });
  afterEach(async () => {
    terminal?.kill();
    terminal = undefined;
    expect(await owners()).toBe(before);
  });
  afterAll(async () => {
    rmSync(folder, { recursive: true, force: true });
    await cluster.stop();
  });

  const questions: readonly (readonly [string, () => string[]])[] = [
    ['How many slots do you want to move', () => []],
    ['What is the receiving node ID?', () => ['--slots', '5']],
    ['Please enter all the source node IDs.', () => ['--slots', '5', '--to', to()]],
    ['Do you want to proceed with the proposed reshard plan (yes/no)?', () => ['--slots', '5', '--to', to(), '--from', 'all']],
  ];
  const keys = [
    ['Ctrl-C', '\u0003'],
    ['the end of input', '\u0004'],
  ] as const;

  it.each(questions.flatMap(([question, args]) => keys.map(([name, key]) => [name, question, args, key] as const)))('%s at "%s" exits 130', async (_, question, args, key) => {
    terminal = openTerminal(['reshard', cluster.seed, ...args()]);
    await terminal.waitFor(question);
    terminal.type(key);
    expect(await terminal.exit).toBe(130);
    expect(terminal.screen()).toContain('nothing was changed');
  });

  it.each(['0', '16385', '-5', '101%', '5-4', '1-2-3', 'all', ''])('refuses "%s" as the number of slots as soon as it is typed', async (typed) => {
    terminal = openTerminal(['reshard', cluster.seed, '--to', to(), '--from', 'all']);
    await terminal.waitFor('How many slots do you want to move');
    terminal.type(`${typed}\r`);
    await terminal.waitFor(/Invalid (number of )?slots: /);
    expect(terminal.screen()).not.toContain('Ready to move');
    terminal.type('\u0003');
    expect(await terminal.exit).toBe(130);
  });

  it('starts with an empty line after a wrong number of slots', async () => {
    terminal = openTerminal(['reshard', cluster.seed, '--to', to(), '--from', 'all']);
    await terminal.waitFor('How many slots do you want to move');
    terminal.type('abc\r');
    await terminal.waitFor(/Invalid number of slots: /);
    terminal.type('10\r');
    await terminal.waitFor('Ready to move 10 slots');
    terminal.type('no\r');
    expect(await terminal.exit).toBe(4);
  });

  it('says in one line that the source owns no slots', async () => {
    const { address } = cluster.nodes[3]!;
    terminal = openTerminal(['reshard', cluster.seed, '--slots', '5', '--to', to(), '--from', address]);
    expect(await terminal.exit).toBe(0);
    expect(terminal.screen()).toContain(`Nothing to move: ${address} owns no slots.`);
    expect(terminal.screen()).not.toMatch(/Ready to move|Only 0 of|from +to/);
    const piped = await runCli(['reshard', cluster.seed, '--slots', '5', '--to', to(), '--from', address]);
    expect(piped).toMatchObject({ code: 0, stdout: expect.stringContaining('Ready to move 5 slots.') as string });
  });

  it('shows the table of nodes before the first question', async () => {
    terminal = openTerminal(['reshard', cluster.seed]);
    await terminal.waitFor('How many slots do you want to move');
    const [table = ''] = terminal.screen().split('How many slots');
    for (const { address } of cluster.nodes) expect(table).toContain(address);
    expect(table).toMatch(/node +role +id +keys +slots/);
  });

  it('refuses the target as a source at the prompt, and asks again', async () => {
    terminal = openTerminal(['reshard', cluster.seed, '--slots', '5', '--to', to()]);
    await terminal.waitFor('Source node #1:');
    terminal.type(`${to()}\r`);
    await terminal.waitFor('It is not possible to use the target node as source node');
    terminal.type(`${cluster.seed}\r`);
    await terminal.waitFor(`Source node #1: `);
    await terminal.waitFor('Source node #2:');
  });

  it('refuses the only source as the target at the prompt', async () => {
    terminal = openTerminal(['reshard', cluster.seed, '--slots', '5', '--from', cluster.seed]);
    await terminal.waitFor('What is the receiving node ID?');
    terminal.type(`${cluster.seed}\r`);
    await terminal.waitFor('It is not possible to use the target node as source node');
    expect(terminal.screen()).not.toContain('Ready to move');
  });

  it.each([
    ['a target that is the only source', () => ['--to', to(), '--from', to()], 'the only source is the target'],
    ['an unknown source', () => ['--from', 'ffffffffff'], 'ffffffffff'],
    ['an unknown target', () => ['--to', 'ffffffffff'], 'ffffffffff'],
  ])('refuses %s before any question', async (_, flags, text) => {
    terminal = openTerminal(['reshard', cluster.seed, ...flags()]);
    expect(await terminal.exit).toBe(1);
    expect(terminal.screen()).toContain(text);
    expect(terminal.screen()).not.toContain('How many slots');
  });

  it('skips the target among the sources on stdin, as redis-trib.rb does', async () => {
    const run = await runCli(['reshard', cluster.seed], { input: `5\n${to()}\n${to()}\n${cluster.seed}\ndone\nno\n` });
    expect(run).toMatchObject({ code: 4 });
    expect(run.stdout).toContain('Source node #1: *** It is not possible to use the target node as source node.\nSource node #1: Source node #2: ');
    expect(run.stdout).toContain('Ready to move 5 slots.');
  });

  it('apply asks before it moves; no changes nothing, exit 4', async () => {
    const file = join(folder, 'plan.json');
    await runCli(['reshard', cluster.seed, '--slots', '5', '--to', to(), '--from', 'all', '--plan-out', file, '--dry-run']);
    terminal = openTerminal(['apply', file]);
    await terminal.waitFor('5 slots to move');
    await terminal.waitFor('Do you want to apply this plan (yes/no)?');
    terminal.type('no\r');
    expect(await terminal.exit).toBe(4);
  });
});
