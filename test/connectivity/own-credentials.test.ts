// Nodes with different passwords (cli.md 5.7), all from the config file: three with another requirepass each, one with an ACL
// user and no default user. MIGRATE moves keys between them with AUTH and AUTH2. The tests depend on their order.
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { runCli, type CliResult } from '../support/cli.js';
import { describeWithRedis } from '../support/redis-server.js';
import { ask, startNode, startNodes, type PlacedNode } from './nodes.js';

const SECRETS = ['first of all', 'second-best', 'third%20party', 'p w of the user'];
const KEYS = 400;
/** A master that loses its last slot stays a master. */
const STAY = ['--cluster-allow-replica-migration', 'no'];

describeWithRedis('nodes with their own credentials', () => {
  let nodes: PlacedNode[];
  let spare: PlacedNode;
  let dir: string;

  const args = (index: number): string[] =>
    index === 3 ? ['--user', 'ops', 'on', `>${SECRETS[3] ?? ''}`, '~*', '&*', '+@all', '--user', 'default', 'off', ...STAY] : ['--requirepass', SECRETS[index] ?? '', ...STAY];
  const seed = (index = 0): string => nodes[index]?.address ?? '';
  const access = (index: number): { username?: string; password: string } => ({ ...(index === 3 ? { username: 'ops' } : {}), password: SECRETS[index] ?? '' });
  const on = (index: number, ...words: (string | number)[]): Promise<unknown> => ask(nodes[index]!, words, access(index));

  /** The config file: the first by password, the second by a file, the fourth with its user; the third has what is general. */
  const configure = (more: Readonly<Record<string, object>> = {}): void => {
    const entries = { [seed(0)]: { password: SECRETS[0] }, [seed(1)]: { passwordFile: 'second' }, [seed(3)]: { user: 'ops', password: SECRETS[3] }, ...more };
    writeFileSync(join(dir, '.redis-trib.json'), JSON.stringify({ password: SECRETS[2], nodes: entries }));
  };
  const run = async (...words: string[]): Promise<CliResult> => {
    const result = await runCli(words, { cwd: dir, env: { REDIS_TRIB_PROJECT_SETTINGS: 'use' } });
    for (const secret of SECRETS) expect(result.stdout + result.stderr).not.toContain(secret);
    return result;
  };
  const good = async (...words: string[]): Promise<CliResult> => {
    const result = await run(...words);
    expect(result, `${words.join(' ')}\n${result.stdout}\n${result.stderr}`).toMatchObject({ code: 0 });
    return result;
  };
  const keys = async (): Promise<number[]> => Promise.all([0, 1, 2, 3].map(async (index) => Number(await on(index, 'DBSIZE'))));

  beforeAll(async () => {
    dir = mkdtempSync(join(tmpdir(), 'redis-trib-own-'));
    nodes = await startNodes(4, (index) => ({ args: args(index) }));
    spare = await startNode({ args: ['--masterauth', SECRETS[1] ?? ''] }); // no password, replica of the second
    writeFileSync(join(dir, 'second'), `${SECRETS[1] ?? ''}\n`);
    configure();
  });
  afterAll(async () => {
    await Promise.all([...nodes, spare].map((node) => node.stop()));
    rmSync(dir, { recursive: true, force: true });
  });

  it('work with create, check and call', async () => {
    await good('create', ...nodes.map(({ address }) => address), '--yes', '--wait');
    for (const index of [0, 3]) expect((await good('check', seed(index))).stdout).toContain('[OK] All 16384 slots covered.');
    expect((await good('call', seed(2), 'ping')).stdout.match(/PONG/g)).toHaveLength(4);
    expect((await good('check', `localhost:${nodes[1]?.port ?? 0}`)).stdout).toContain('[OK] All 16384 slots covered.'); // the entry says 127.0.0.1
  });

  it('work with reshard: MIGRATE logs in with the credentials of the target', async () => {
    const source = await startNode({ alone: true });
    try {
      for (let index = 0; index < KEYS; index++) await ask(source, ['SET', `key:${index}`, 'v']);
      await good('import', seed(1), '--from', source.address, '--via', 'source', '--copy');
    } finally {
      await source.stop();
    }
    const before = await keys();
    expect(before.reduce((sum, count) => sum + count, 0)).toBe(KEYS);
    const ids = await Promise.all([0, 1, 2, 3].map(async (index) => String(await on(index, 'CLUSTER', 'MYID'))));
    const move = (from: number, to: number): Promise<CliResult> => good('reshard', seed(2), '--from', ids[from] ?? '', '--to', ids[to] ?? '', '--slots', '100%', '--yes');
    await move(0, 3);
    await move(3, 1);
    await move(1, 2);
    expect(await keys()).toEqual([0, 0, KEYS, 0]);
    await good('rebalance', seed(3), '--by', 'keys', '--use-empty-masters', '--yes');
    expect(Math.min(...(await keys()))).toBeGreaterThan(0);
  });

  it('work with add-node of a node without a password, nodes, consistency-test and backup', async () => {
    configure({ [spare.address]: {} });
    await good('add-node', spare.address, seed(), '--slave', '--master-id', String(await on(1, 'CLUSTER', 'MYID')));
    expect((await good('nodes', seed())).stdout).toContain(spare.address);
    await good('consistency-test', seed(3), '--duration', '1');
    await good('backup', seed(2), join(dir, 'saved'));
    expect(readdirSync(join(dir, 'saved')).filter((name) => name.endsWith('.rdb'))).toHaveLength(4);
  });

  it('work with fix, which completes a move to a node with other credentials', async () => {
    const key = String(await on(0, 'RANDOMKEY'));
    const slot = Number(await on(0, 'CLUSTER', 'KEYSLOT', key));
    const [from, to] = [String(await on(0, 'CLUSTER', 'MYID')), String(await on(3, 'CLUSTER', 'MYID'))];
    await on(3, 'CLUSTER', 'SETSLOT', slot, 'IMPORTING', from);
    await on(0, 'CLUSTER', 'SETSLOT', slot, 'MIGRATING', to);
    await good('fix', seed(1));
    expect(await on(3, 'CLUSTER', 'COUNTKEYSINSLOT', slot)).toBeGreaterThan(0);
  });

  it('are named with the node and the place of configuration when the password is wrong, but not shown', async () => {
    configure({ [seed(1)]: { password: 'a wrong one' }, [spare.address]: {} });
    const check = await run('check', seed());
    expect(check.code).toBe(1);
    expect(check.stderr).toContain(`Node ${seed(1)} refused the credentials: WRONGPASS`);
    expect(check.stderr).toContain(`"${seed(1)}" of "nodes" in the config file`);
    expect(check.stderr).not.toContain('--address-map');
    expect(check.stdout + check.stderr).not.toContain('a wrong one');
    const itself = await run('check', seed(1));
    expect(itself).toMatchObject({ code: 3, stderr: expect.stringContaining(`try: this node has its own credentials: check "${seed(1)}" of "nodes"`) as string });
    expect((await run('reshard', seed(), '--from', 'all', '--to', seed(3), '--slots', '10', '--yes')).code).toBe(1);
  });

  it('end every command with exit 2 when an entry is invalid', async () => {
    configure({ [seed(1)]: { pasword: SECRETS[1] } });
    expect(await run('check', seed())).toMatchObject({ code: 2, stderr: expect.stringContaining(`unknown setting "pasword" in "${seed(1)}" of "nodes"`) as string });
  });
});
