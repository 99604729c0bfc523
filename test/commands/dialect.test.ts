// The CLI called redis-trib.rb, through a link of that name, on a cluster of bundled nodes: create, reshard, check, fix and
// the others, line for line against cli.md 8.14. The lines from data alone are in ui/dialect.test.ts.
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Connection } from '../../src/client/connection.js';
import { startBundledNodes, type BundledNodes } from '../support/bundled-nodes.js';
import { CLI, runCli, type CliOptions, type CliResult } from '../support/cli.js';

/** Number of a node from 1 on, its slots, their count. */
type Share = readonly [index: number, slots: string, count: number];

describe('output when called as redis-trib.rb', () => {
  let nodes: BundledNodes;
  let dir: string;
  let link: string;
  const names = new Map<string, string>();
  const at = (index: number): string => nodes.address(index);
  const id = (index: number): string => [...names.keys()][index] ?? '';

  const trib = (args: readonly string[], options: CliOptions = {}): Promise<CliResult> => runCli(args, { cwd: dir, program: link, ...options });
  const say = async (index: number, ...words: (string | number)[]): Promise<unknown> => {
    const [host = '', port = ''] = at(index).split(':');
    await using connection = await Connection.connect({ host, port: Number(port) });
    return await connection.command(words);
  };
  /** Lines with ids as <id1>, … and addresses as 127.0.0.1:7001, …, as in the specification. */
  const lines = (text: string): string[] => {
    const named = [0, 1, 2].reduce((one, index) => one.replaceAll(at(index), `127.0.0.1:${7001 + index}`), text);
    return named.replace(/\n$/, '').split('\n').map((line) => line.replace(/[0-9a-f]{40}/g, (found) => names.get(found) ?? '<?>').replace(/^ {4}(safe|careful): .*/, '    $1'));
  };
  /** As `lines`, with the nodes of a check in the order of their numbers: a node lists the others as it met them. */
  const checked = (text: string): string[] => {
    const all = lines(text);
    const start = all.indexOf(HEAD) + 1;
    const end = all.findIndex((line, at) => at >= start && /^\[(OK|ERR)\]/.test(line));
    const blocks = Array.from({ length: (end - start) / 3 }, (_, index) => all.slice(start + 3 * index, start + 3 * index + 3));
    return [...all.slice(0, start), ...blocks.sort().flat(), ...all.slice(end)];
  };
  const node = (...[index, slots, count]: Share): string[] => [`M: <id${index}> 127.0.0.1:${7000 + index}`, `   slots:${slots} (${count} slots) master`];
  const listed = (...share: Share): string[] => [...node(...share), '   0 additional replica(s)'];
  const HEAD = '>>> Performing Cluster Check (using node 127.0.0.1:7001)';
  const AGREED = ['[OK] All nodes agree about slots configuration.', '>>> Check for open slots...'];
  const COVERED = ['>>> Check slots coverage...', '[OK] All 16384 slots covered.'];

  beforeAll(async () => {
    nodes = await startBundledNodes(3);
    dir = mkdtempSync(join(tmpdir(), 'redis-trib-dialect-'));
    link = join(dir, 'redis-trib.rb');
    symlinkSync(CLI, link);
    for (const index of [0, 1, 2]) names.set(String(await say(index, 'CLUSTER', 'MYID')), `<id${index + 1}>`);
  });
  afterAll(async () => {
    await nodes.stop();
    rmSync(dir, { recursive: true, force: true });
  });

  it('create accepts its options first', async () => {
    const run = await trib(['create', '--replicas', '0', '--yes', '--wait', at(0), at(1), at(2)]);
    expect(run).toMatchObject({ code: 0, stderr: '' });
    const shares: readonly Share[] = [[1, '0-5460', 5461], [2, '5461-10922', 5462], [3, '10923-16383', 5461]];
    expect(checked(run.stdout)).toEqual([
      '>>> Creating cluster',
      '>>> Performing hash slots allocation on 3 nodes...',
      'Using 3 masters:',
      '127.0.0.1:7001',
      '127.0.0.1:7002',
      '127.0.0.1:7003',
      ...shares.flatMap((share) => node(...share)),
      '>>> Nodes configuration updated',
      '>>> Assign a different config epoch to each node',
      '>>> Sending CLUSTER MEET messages to join the cluster',
      expect.stringMatching(/^Waiting for the cluster to join\.*$/),
      HEAD,
      ...shares.flatMap((share) => listed(...share)),
      ...AGREED,
      ...COVERED,
    ]);
  });

  it('reshard prints its lines', async () => {
    const run = await trib(['reshard', '--from', id(0), '--to', id(1), '--slots', '2', '--yes', at(0)]);
    expect(run.code).toBe(0);
    const [shown, moved] = [checked(run.stdout).slice(0, -2), checked(run.stdout).slice(-2)];
    expect(shown).toEqual([
      HEAD,
      ...listed(1, '0-5460', 5461),
      ...listed(2, '5461-10922', 5462),
      ...listed(3, '10923-16383', 5461),
      ...AGREED,
      ...COVERED,
      '',
      'Ready to move 2 slots.',
      '  Source nodes:',
      '    M: <id1> 127.0.0.1:7001',
      '   slots:0-5460 (5461 slots) master',
      '   0 additional replica(s)',
      '  Destination node:',
      '    M: <id2> 127.0.0.1:7002',
      '   slots:5461-10922 (5462 slots) master',
      '   0 additional replica(s)',
      '  Resharding plan:',
      '    Moving slot 0 from <id1>',
      '    Moving slot 1 from <id1>',
    ]);
    expect(moved.sort()).toEqual([0, 1].map((slot) => `Moving slot ${slot} from 127.0.0.1:7001 to 127.0.0.1:7002: `));
  });

  it('check prints no info block first', async () => {
    const run = await trib(['check', at(0)]);
    expect(run.code).toBe(0);
    expect(checked(run.stdout)).toEqual([HEAD, ...listed(1, '2-5460', 5459), ...listed(2, '0-1,5461-10922', 5464), ...listed(3, '10923-16383', 5461), ...AGREED, ...COVERED]);
  });

  it('fix prints its lines for a slot open on both nodes and an uncovered one', async () => {
    await say(0, 'CLUSTER', 'SETSLOT', 16_383, 'IMPORTING', id(2));
    await say(2, 'CLUSTER', 'SETSLOT', 16_383, 'MIGRATING', id(0));
    const fixed = await trib(['fix', at(0)]);
    expect(fixed.code).toBe(0);
    expect(lines(fixed.stdout).slice(10, 21)).toEqual([
      ...AGREED,
      '[WARNING] Node 127.0.0.1:7001 has slots in importing state (16383).',
      '[WARNING] Node 127.0.0.1:7003 has slots in migrating state (16383).',
      '[WARNING] The following slots are open: 16383',
      ...COVERED,
      '>>> Fixing open slot 16383',
      'Set as migrating in: 127.0.0.1:7003',
      'Set as importing in: 127.0.0.1:7001',
      '    safe',
    ]);
    expect(lines(fixed.stdout).slice(-2)).toEqual(COVERED);

    for (const index of [0, 1, 2]) await say(index, 'CLUSTER', 'DELSLOTS', 16_382);
    const covered = await trib(['fix', '--dry-run', at(0)]);
    expect(lines(covered.stdout).slice(-8)).toEqual([
      '[ERR] Not all 16384 slots are covered by nodes.',
      '>>> Fixing slots coverage...',
      'List of not covered slots: 16382',
      'Slot 16382 has keys in 0 nodes: ',
      'The folowing uncovered slots have no keys across the cluster:',
      '16382',
      expect.stringMatching(/^>>> Covering slot 16382 with 127\.0\.0\.1:700\d$/),
      '    careful',
    ]);
    expect(await trib(['fix', '--yes', at(0)])).toMatchObject({ code: 0 });
  });

  it('rebalance and call print their lines', async () => {
    expect(lines((await trib(['rebalance', '--threshold', '100', at(0)])).stdout).at(-1)).toBe('*** No rebalancing needed! All nodes are within the 100.0% threshold.');
    expect(lines((await trib(['rebalance', '--simulate', '--weight', `${id(0)}=3`, at(0)])).stdout)).toContain('>>> Rebalancing across 3 nodes. Total weight = 5');
    const [heading, ...answers] = lines((await trib(['call', at(0), 'echo', 'hello'])).stdout);
    expect([heading, ...answers.sort()]).toEqual(['>>> Calling ECHO hello', '127.0.0.1:7001: hello', '127.0.0.1:7002: hello', '127.0.0.1:7003: hello']);
  });

  it('--lines takes precedence over the environment, that over the project file, and that over the program\'s name; tables and documents do not change', async () => {
    const begins = async (args: readonly string[], options: CliOptions = {}): Promise<string> => lines((await trib(['check', at(0), ...args], options)).stdout)[0] ?? '';
    const env = { REDIS_TRIB_LINES: 'redis-trib.rb' };
    const ours = /^127\.0\.0\.1:7001 \(.* slaves\.$/;
    expect(await begins([])).toBe(HEAD);
    expect(await begins(['--lines', 'redis-cli'])).toMatch(ours);
    expect(await begins(['--cluster-lines=REDIS-CLI'], { env })).toMatch(ours);
    expect(await begins([], { program: CLI })).toMatch(ours);
    expect(await begins([], { program: CLI, env })).toBe(HEAD);
    writeFileSync(join(dir, '.redis-trib.json'), JSON.stringify({ lines: 'redis-cli' }));
    expect(await begins([])).toMatch(ours);
    expect(await begins([], { env })).toBe(HEAD);
    rmSync(join(dir, '.redis-trib.json'));
    const [json, table] = await Promise.all([['--json'], ['-o', 'table']].map(async (mode) => [await trib(['check', at(0), ...mode]), await trib(['check', at(0), ...mode], { program: CLI })] as const));
    for (const [named, plain] of [json, table].flatMap((pair) => (pair === undefined ? [] : [pair]))) expect(named.stdout).toBe(plain.stdout);
  });

  it('--lines with another word is a usage error', async () => {
    expect(await trib(['check', at(0), '--lines', 'ruby'])).toMatchObject({ code: 2, stderr: expect.stringContaining('--lines takes one of redis-cli, redis-trib.rb, not "ruby"') as string });
    expect(await trib(['check', at(0)], { env: { REDIS_TRIB_LINES: 'ruby' } })).toMatchObject({ code: 2, stderr: expect.stringContaining('REDIS_TRIB_LINES takes one of') as string });
    expect(await trib(['local', 'logs', '--lines', '3'])).toMatchObject({ stderr: expect.not.stringContaining('redis-cli') as string }); // another --lines
    expect(await trib(['local', 'logs', '--lines', 'redis-cli'])).toMatchObject({ code: 2, stderr: expect.stringContaining('a whole number') as string });
    expect((await trib(['help', 'check'])).stdout).toContain('--lines <redis-cli|redis-trib.rb>');
  });
});
