// redis-cli and redis-trib on the same real cluster, in the same state, line by line: the golden transcripts of
// cli.md 8 that cluster.test.ts (create, check, info, call), import.test.ts and fix.test.ts don't compare.
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { runHere, type ProgramRun } from '../support/broken-cluster.js';
import { fill, keysInSlots } from '../support/load.js';
import { describeWithRedis, startClusterNodes, startRedisCluster, waitFor, type RedisNode, type RedisNodes } from '../support/redis-server.js';

describeWithRedis('the lines of redis-cli', () => {
  let cluster: RedisNodes;
  let spare: RedisNodes;
  let folder: string;
  const names = new Map<string, string>();
  const all = (): readonly RedisNode[] => [...cluster.nodes, ...spare.nodes];
  const at = (index: number): string => all()[index]?.address ?? '';
  const id = (index: number): string => [...names.keys()][index] ?? '';

  const theirs = (...words: string[]): ProgramRun => {
    const run = spawnSync('redis-cli', ['--cluster', ...words], { encoding: 'utf8', env: { ...process.env, TERM: 'dumb' }, cwd: folder, input: '' });
    return { code: run.status ?? -1, stdout: run.stdout, stderr: run.stderr };
  };
  const ours = (...words: string[]): Promise<ProgramRun> => runHere(['--cluster', ...words], { cwd: folder });
  const say = async (index: number, ...words: (string | number)[]): Promise<unknown> => {
    await using link = await all()[index]!.connect();
    return await link.command(words);
  };
  /** Lines with ids as <0>, <1> … and the two new nodes as one. */
  const lines = (text: string): string[] => {
    const masked = text.replace(/[0-9a-f]{40}/g, (found) => names.get(found) ?? '<?>').replaceAll(at(7), at(6)).replaceAll('<7>', '<6>');
    return masked.replace(/\([0-9a-f]{8}\.\.\.\)/g, '(<i>...)').split('\n');
  };
  /** Runs theirs, puts the cluster back, runs ours. */
  const compare = async (words: readonly string[], restore: () => Promise<unknown> = () => Promise.resolve()): Promise<{ their: ProgramRun; our: ProgramRun }> => {
    const their = theirs(...words);
    await restore();
    const our = await ours(...words);
    return { their, our };
  };

  /** A node that has left and joins again has a new id. */
  const learnIds = async (): Promise<void> => {
    names.clear();
    for (const [index] of all().entries()) names.set(String(await say(index, 'CLUSTER', 'MYID')), `<${index}>`);
  };

  beforeAll(async () => {
    [cluster, spare] = await Promise.all([startRedisCluster(3, { replicas: 1 }), startClusterNodes(2)]);
    folder = mkdtempSync(join(tmpdir(), 'redis-trib-golden-'));
    await learnIds();
    await fill(cluster, keysInSlots(0, 2, 4).map((key) => ['SET', key, key]));
  });
  afterAll(async () => {
    await Promise.all([cluster.stop(), spare.stop()]);
    rmSync(folder, { recursive: true, force: true });
  });

  it('reshard with --cluster-yes prints the check, the plan, and a line with dots per slot (8.3)', async () => {
    const words = ['reshard', at(0), '--cluster-from', id(0), '--cluster-to', id(1), '--cluster-slots', '3', '--cluster-yes'];
    const { their, our } = await compare(words, () => ours('reshard', at(0), '--cluster-from', id(1), '--cluster-to', id(0), '--slots', '0-2', '--yes'));
    expect(lines(our.stdout).sort()).toEqual(lines(their.stdout).sort());
    expect(our.stdout).toMatch(/ from 127\.0\.0\.1:\d+ to 127\.0\.0\.1:\d+: \.+\n/);
    expect([our.code, their.code]).toEqual([0, 0]);
    await ours('reshard', at(0), '--cluster-from', id(1), '--cluster-to', id(0), '--slots', '0-2', '--yes');
  });

  it('reshard from two sources one of which is the target prints the same note and plan', async () => {
    const words = ['reshard', at(0), '--cluster-from', `${id(0)},${id(2)}`, '--cluster-to', id(2), '--cluster-slots', '2'];
    const { their, our } = await compare([...words]);
    const plan = (text: string): string[] => lines(text.replace(/Do you want to proceed[^]*/, ''));
    expect(plan(`${(await ours(...words, '--dry-run')).stdout}\n`)).toEqual(expect.arrayContaining(plan(their.stdout)));
    expect(their.stdout).toContain('*** It is not possible to use the target node as source node.');
    expect([their.code, our.code]).toEqual([1, 2]); // an empty stdin declines there; here a terminal is missing
  });

  it.each([
    ['an unknown source', ['--cluster-from', 'f'.repeat(40), '--cluster-to', '1']],
    ['a replica as the source', ['--cluster-from', '3', '--cluster-to', '1']],
    ['an unknown target', ['--cluster-from', 'all', '--cluster-to', 'f'.repeat(40)]],
    ['a replica as the target', ['--cluster-from', 'all', '--cluster-to', '3']],
    ['the target alone as the source', ['--cluster-from', '1', '--cluster-to', '1']],
  ])('reshard refuses %s with the same text, exit 1', async (_, given) => {
    const words = ['reshard', at(0), ...given.map((word) => (/^\d$/.test(word) ? id(Number(word)) : word)), '--cluster-slots', '1', '--cluster-yes'];
    const { their, our } = await compare(words);
    const said = /^\*\*\* (The specified node .*|No source nodes given.*)$/m.exec(their.stdout + their.stderr)?.[0] ?? 'nothing';
    expect(our.stderr).toContain(`${said}\ntry: `);
    expect([our.code, their.code]).toEqual([1, 1]);
  });

  it('rebalance --simulate --verbose with weights prints balances, pairs and marks (8.4)', async () => {
    const { their, our } = await compare(['rebalance', at(0), '--cluster-weight', `${id(0)}=2`, `${id(1)}=0.5`, '--cluster-simulate', '--verbose']);
    expect(lines(our.stdout)).toEqual(lines(their.stdout));
    expect(our.stdout).toMatch(/balance is -?\d+ slots\n/);
  });

  it('rebalance refuses a weight of an unknown node with the same text', async () => {
    const { their, our } = await compare(['rebalance', at(0), '--cluster-weight', 'nobody=1']);
    expect(their.stdout).toContain('*** No such master node nobody\n');
    expect(our).toMatchObject({ code: 1, stderr: expect.stringMatching(/^\*\*\* No such master node nobody\n/) as string });
  });

  it('check prints open slots of three nodes, through a host name too (8.2)', async () => {
    for (const words of [['check', `localhost:${cluster.nodes[3]?.port ?? 0}`], ['info', `localhost:${cluster.nodes[0]?.port ?? 0}`]]) {
      const { their, our } = await compare(words);
      expect(lines(our.stdout)).toEqual(lines(their.stdout));
    }
    await say(0, 'CLUSTER', 'SETSLOT', 93, 'MIGRATING', id(2));
    await say(0, 'CLUSTER', 'SETSLOT', 97, 'MIGRATING', id(2));
    await say(2, 'CLUSTER', 'SETSLOT', 93, 'IMPORTING', id(0));
    await say(1, 'CLUSTER', 'SETSLOT', 98, 'IMPORTING', id(0));
    await say(1, 'CLUSTER', 'SETSLOT', 12_000, 'IMPORTING', id(2));
    const { their, our } = await compare(['check', at(0)]);
    // redis-cli's union comes in the order of a hash table.
    const sorted = (line: string): string => line.replace(/(are open: )([\d,]+)\./, (_, head: string, slots: string) => `${head}${slots.split(',').map(Number).sort((a, b) => a - b).join(',')}.`);
    expect(lines(our.stdout)).toEqual(lines(their.stdout).map(sorted));
    expect(our.stdout).toContain('[WARNING] The following slots are open: 93,97,98,12000.\n');
    expect([our.code, their.code]).toEqual([1, 1]);
  });

  it('-4 and -6 limit a host name to addresses of that family', async () => {
    const name = `localhost:${cluster.nodes[0]?.port ?? 0}`; // the nodes listen on 127.0.0.1 alone
    expect(await ours('info', name, '-4')).toMatchObject({ code: 0 });
    expect(await ours('info', name, '-6')).toMatchObject({ code: 3 });
  });

  it('backup of a cluster with open slots prints the same lines and writes the same nodes.json (8.13)', async () => {
    for (const name of ['theirs', 'ours']) mkdirSync(join(folder, name));
    const their = theirs('backup', at(0), 'theirs');
    const our = await ours('backup', at(0), 'ours');
    const known = lines(their.stdout.replaceAll('theirs', 'ours')).filter((line) => !line.startsWith('[WARNING] The following slots'));
    expect(lines(our.stdout).filter((line) => !line.startsWith('[WARNING] The following slots')).sort()).toEqual(known.sort());
    expect(readFileSync(join(folder, 'ours', 'nodes.json'), 'utf8')).toBe(readFileSync(join(folder, 'theirs', 'nodes.json'), 'utf8'));
    expect(readdirSync(join(folder, 'ours')).sort()).toEqual(readdirSync(join(folder, 'theirs')).sort());
    expect([our.code, their.code]).toEqual([0, 0]);
  });

  it.each([['import', ['--cluster-from', '127.0.0.1:1']], ['rebalance', []], ['add-node', []], ['reshard', []]])('%s refuses a cluster with open slots, exit 1', async (name, more) => {
    const words = name === 'add-node' ? [name, at(6), at(0)] : [name, at(0), ...more];
    const { their, our } = await compare(words);
    expect(our).toMatchObject({ code: 1, stderr: expect.stringMatching(/^\*\*\* Please fix your cluster problems before .*\ntry: .*redis-trib fix /) as string });
    expect(their.code).toBe(1);
  });

  it('set-timeout on nodes without a file, and with less than 100 ms, prints the same lines (8.10)', async () => {
    for (const slot of [93, 97, 98, 12_000]) await Promise.all([0, 1, 2].map((index) => say(index, 'CLUSTER', 'SETSLOT', slot, 'STABLE')));
    const { their, our } = await compare(['set-timeout', at(0), '5000']);
    expect(lines(our.stdout)).toEqual(lines(their.stdout));
    const short = await compare(['set-timeout', at(0), '99']);
    expect(short.our.stderr).toContain(short.their.stderr.trim());
    expect([our.code, their.code, short.our.code, short.their.code]).toEqual([1, 0, 2, 1]); // half a success is none; wrong words are 2
  });

  it('add-node as a master with functions, and del-node of it, print the same lines (8.5, 8.6)', async () => {
    await Promise.all([0, 1, 2].map((index) => say(index, 'FUNCTION', 'LOAD', '#!lua name=lib\nredis.register_function("f", function() return 1 end)')));
    const their = theirs('add-node', at(6), at(0));
    // redis-cli does not wait (#11877); ours below must not need this.
    await waitFor(async () => (await Promise.all([0, 1, 2, 3, 4, 5, 6].map((index) => say(index, 'CLUSTER', 'INFO')))).every((text) => String(text).includes('cluster_known_nodes:7')), 'everybody to know the new node');
    const gone = theirs('del-node', at(0), id(6));
    expect(gone.code).toBe(0);
    await say(6, 'FUNCTION', 'FLUSH');
    const our = await ours('add-node', at(7), at(0));
    expect(lines(our.stdout)).toEqual(lines(their.stdout));
    expect(await say(7, 'FUNCTION', 'LIST')).toHaveLength(1);
    const left = await ours('del-node', at(0), id(7));
    expect(left.stderr).toBe('');
    // redis-cli resets softly: the node would be dropped when it joins again within a minute.
    const hard = lines(gone.stdout).slice(0, -1).map((line) => line.replace('CLUSTER RESET SOFT', 'CLUSTER RESET HARD'));
    expect(lines(left.stdout)).toEqual([...hard, '[OK] Node <6> removed from the cluster.', '']);
    await learnIds();
    await say(7, 'FUNCTION', 'FLUSH');
  });

  it('add-node as a replica of a chosen and of a named master, and del-node, print the same lines (8.5, 8.6)', async () => {
    const master = await ours('add-node', at(6), at(0));
    expect(master).toMatchObject({ code: 0 });
    const our = await ours('add-node', at(7), at(0), '--cluster-slave');
    expect(lines(our.stdout).filter((line) => !/^\.*$/.test(line)).slice(-5)).toEqual([
      `Automatically selected master ${at(6)}`,
      `>>> Send CLUSTER MEET to node ${at(6)} to make it join the cluster.`,
      'Waiting for the cluster to join',
      `>>> Configure node as replica of ${at(6)}.`,
      '[OK] New node added correctly.',
    ]);
    await learnIds();
    const left = await ours('del-node', at(0), id(6));
    expect(left.stdout.split('\n')).toEqual([
      `>>> Removing node ${id(6)} from cluster ${at(0)}`,
      '>>> Sending CLUSTER FORGET messages to the cluster...',
      expect.stringMatching(new RegExp(`^>>> ${at(7)} as replica of (${at(0)}|${at(1)}|${at(2)})$`)),
      '>>> Sending CLUSTER RESET HARD to the deleted node.',
      `[OK] Node ${id(6)} removed from the cluster.`,
      '',
    ]);
    expect(await ours('del-node', at(0), id(7))).toMatchObject({ code: 0 });
    expect((await ours('check', at(0))).stdout).toContain('[OK] All 16384 slots covered.\n');
  });

  it('reshard moves equal values of a key on both nodes without DEBUG, and stops at different ones with advice that works (8.9)', async () => {
    const [slot] = [7];
    const [equal = '', other = ''] = keysInSlots(slot, slot, 2);
    await fill(cluster, [['SET', equal, 'same'], ['SET', other, 'ours']]);
    await say(1, 'CLUSTER', 'SETSLOT', slot, 'IMPORTING', id(0));
    await using link = await cluster.nodes[1]!.connect();
    await link.pipeline([['ASKING'], ['SET', equal, 'same'], ['ASKING'], ['SET', other, 'theirs']]);
    await say(1, 'CLUSTER', 'SETSLOT', slot, 'STABLE');
    const move = ['reshard', at(0), '--from', id(0), '--to', id(1), '--slots', `${slot}-${slot}`, '--yes'];
    const stopped = await runHere(move, { cwd: folder });
    expect(stopped.code).toBe(1);
    expect(stopped.stderr).toContain(`1 key of slot ${slot} exists on ${at(0)} and ${at(1)} with different values: ${JSON.stringify(other)}`);
    const next = /then: (redis-trib .*)$/m.exec(stopped.stderr)?.[1] ?? '';
    for (const command of next.split(' && ')) expect(await runHere(command.split(' ').slice(1), { cwd: folder }), command).toMatchObject({ code: 0 });
    expect(await link.command(['GET', other])).toBe('ours');
    expect(readdirSync(folder).filter((name) => name.endsWith('.jsonl'))).toHaveLength(1); // the other value
    expect(await link.command(['CLUSTER', 'COUNTKEYSINSLOT', slot])).toBe(2);
  });

  it('rebalance prints the lines that redis-cli simulates, and has nothing to do the second time', async () => {
    const words = ['rebalance', at(0), '--cluster-weight', `${id(0)}=0.9`, '--cluster-pipeline', '100'];
    const their = theirs(...words, '--cluster-simulate');
    const our = await ours(...words);
    expect(lines(our.stdout).sort()).toEqual(lines(their.stdout).sort());
    const again = await compare(words);
    expect(lines(again.our.stdout)).toEqual(lines(again.their.stdout));
    expect(again.our.stdout).toContain('*** No rebalancing needed! All nodes are within the 2.00% threshold.\n');
  });
});
