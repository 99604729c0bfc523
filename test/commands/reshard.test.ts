// reshard and apply as processes on three real masters: saved plans, Ctrl-C once and twice, kill -9, two administrators at
// once. Each ends with every slot owned, none open, and every key there.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { openCluster } from '../../src/apply/open-cluster.js';
import { finished, openTerminal, runCli, startCli, type CliResult } from '../support/cli.js';
import { fill, keysInSlots, totalKeys } from '../support/load.js';
import { describeWithRedis, startRedisCluster, waitFor, type RedisNodes } from '../support/redis-server.js';

const KEYS = 3000;

describeWithRedis('reshard and apply', () => {
  let cluster: RedisNodes;
  let folder: string;
  const at = (index: number): string => cluster.nodes[index]?.address ?? '';
  const file = (name: string): string => join(folder, name);

  beforeAll(async () => {
    cluster = await startRedisCluster(3);
    folder = mkdtempSync(join(tmpdir(), 'redis-trib-plans-'));
    await fill(cluster, keysInSlots(0, 2000, KEYS).map((key) => ['SET', key, 'x'.repeat(1000)]));
  });
  afterAll(async () => {
    rmSync(folder, { recursive: true, force: true });
    await cluster.stop();
  });

  const slotsOf = async (index: number, slots: readonly [number, number]): Promise<number> => {
    await using opened = await openCluster(cluster.seed);
    await opened.waitForAgreement();
    const view = await opened.refresh();
    const owner = view.masters.find((node) => node.port === cluster.nodes[index]?.port);
    return owner?.slots.toArray().filter((slot) => slot >= slots[0] && slot <= slots[1]).length ?? 0;
  };

  const inOrder = async (): Promise<void> => {
    await using opened = await openCluster(cluster.seed);
    await opened.waitForAgreement();
    await opened.refresh();
    expect(await opened.check({ searchMultipleOwners: true })).toMatchObject({ ok: true, openSlots: [] });
    expect(spawnSync('redis-cli', ['--cluster', 'check', cluster.seed]).status).toBe(0);
    expect(await totalKeys(cluster)).toBe(KEYS);
  };

  const move = (to: number, ...more: string[]): string[] => ['reshard', at(0), '--from', 'all', '--to', at(to), '--slots', '0-2000', '--method', 'keys', '--yes', ...more];

  /** Starts a move slow enough to meet it under way, and waits until its first slots have moved. */
  async function underWay(to: number, ...more: string[]): Promise<{ child: ReturnType<typeof startCli>; result: Promise<CliResult> }> {
    const child = startCli(move(to, '--max-rate', '800k', ...more));
    const result = finished(child);
    await new Promise<void>((seen) => child.stdout?.on('data', (chunk: Buffer) => chunk.includes('from 127.0.0.1') && chunk.includes('Moving slot') && chunk.includes(': .') && seen()));
    return { child, result };
  }

  it('prints "Nothing to move." when the slots are on the target already', async () => {
    const all = await runCli(['reshard', at(0), '--from', 'all', '--to', at(0), '--slots', '0-99,200', '--dry-run']);
    expect(all).toMatchObject({ code: 0, stdout: expect.stringContaining('Slots 0-99,200 already belong to the target.') as string, stderr: expect.stringContaining('Nothing to move.') as string });
    expect(all.stdout).not.toContain('Ready to move');
    const some = await runCli(['reshard', at(0), '--from', 'all', '--to', at(0), '--slots', '0-99,16383', '--dry-run']);
    expect(some.stdout).toContain('Ready to move 1 slots.');
  });

  it('names what is missing when a user may not set slots, or when a managed service does not permit it', async () => {
    for (const node of cluster.nodes) {
      await using link = await node.connect();
      await link.command(['ACL', 'SETUSER', 'looker', 'on', '>pw', '~*', '&*', '+@all', '-cluster|setslot']);
    }
    const run = await runCli([...move(1), '--user', 'looker', '--pass', 'pw']);
    expect(run.code).toBe(1);
    expect(run.stderr).toMatch(/refused slot \d+: NOPERM .*\n.*try: on a managed service, move the slots in its console; on your own server, grant the user \+cluster\|setslot, then: /s);
    await inOrder();
  });

  it('saves a plan, applies it, and recognises later that it has been applied', async () => {
    const planned = await runCli(['reshard', at(0), '--from', at(0), '--to', at(1), '--slots', '50', '--plan-out', file('a.json'), '--dry-run']);
    expect(planned).toMatchObject({ code: 0 });
    expect(planned.stderr).toContain(`apply it with: redis-trib apply ${file('a.json')}`);
    expect(await slotsOf(1, [0, 2000])).toBe(0);
    expect((await runCli(['apply', file('a.json')])).code).toBe(2); // no terminal, no --yes
    expect((await runCli(['apply', file('a.json'), '--dry-run'])).stdout).toContain('50 slots to move');
    expect(await runCli(['apply', file('a.json'), '--yes'])).toMatchObject({ code: 0 });
    expect(await slotsOf(1, [0, 2000])).toBe(50);
    const again = JSON.parse((await runCli(['apply', file('a.json'), at(2), '--yes', '--json'])).stdout) as object;
    expect(again).toMatchObject({ schema: 2, applied: false, left: [], done: [[0, 49]] });
    await inOrder();
  });

  it('refuses plans that no longer fit, plans of other clusters, and damaged ones', async () => {
    await runCli(['reshard', at(0), '--from', at(0), '--to', at(2), '--slots', '60-70', '--plan-out', file('b.json'), '--dry-run']);
    expect((await runCli(['reshard', at(0), '--from', at(0), '--to', at(1), '--slots', '65-65', '--yes'])).code).toBe(0);
    const stale = await runCli(['apply', file('b.json'), '--yes']);
    expect(stale.code).toBe(1);
    expect(stale.stderr).toMatch(/takes slot 65 from .* owns it now/);
    writeFileSync(file('c.json'), readFileSync(file('b.json'), 'utf8').replace(/"([0-9a-f])([0-9a-f]{39})"/g, (_, first: string, more: string) => `"${first === '0' ? '1' : '0'}${more}"`));
    expect((await runCli(['apply', file('c.json'), '--yes'])).stderr).toContain('made for another cluster');
    writeFileSync(file('d.json'), readFileSync(file('b.json'), 'utf8').slice(0, 100));
    expect(await runCli(['apply', file('d.json'), '--yes'])).toMatchObject({ code: 2, stderr: expect.stringContaining('is not JSON') as unknown });
    expect((await runCli(['apply', file('none.json'), '--yes'])).code).toBe(2);
    expect((await runCli(['apply'])).code).toBe(2);
    await inOrder();
  });

  it('finishes the open slots at Ctrl-C and prints the command that continues', async () => {
    const { child, result } = await underWay(1, '--command-timeout', '20', '--replace');
    child.kill('SIGINT');
    const { code, stderr } = await result;
    expect(code).toBe(130);
    expect(stderr).toMatch(/Interrupted: \d+ of \d+ slots were moved, with \d+ keys/);
    await inOrder();
    const next = /try: redis-trib (reshard .*)$/m.exec(stderr)?.[1] ?? '';
    expect(next).toMatch(/ --max-rate \S+ --replace --method keys --command-timeout 20 --yes$/); // they were dropped
    expect(await runCli(next.split(' '))).toMatchObject({ code: 0 });
    expect(await slotsOf(1, [0, 2000])).toBe(2001);
    await inOrder();
  });

  it('exits at once at a second Ctrl-C; applying the plan again completes the move', async () => {
    const { child, result } = await underWay(2, '--plan-out', file('e.json'));
    child.kill('SIGINT');
    child.stderr?.on('data', () => child.kill('SIGINT'));
    expect((await result).code).toBe(130);
    expect(await runCli(['apply', file('e.json'), '--yes'])).toMatchObject({ code: 0 });
    expect(await slotsOf(2, [0, 2000])).toBe(2001);
    await inOrder();
  });

  it('refuses a second administrator with the open slots; after kill -9 the plan continues', async () => {
    const { child, result } = await underWay(0, '--plan-out', file('f.json'));
    const second = await runCli(['reshard', at(0), '--from', 'all', '--to', at(1), '--slots', '10000-10001', '--yes', '--json']);
    expect(second.code).toBe(1);
    expect(second.stdout).toMatch(/"cause": ".* has \d+ (migrating|importing) slots: \d+/);
    child.kill('SIGKILL');
    await result;
    const check = await runCli(['check', at(0)]);
    expect(check.code).toBe(1);
    expect(check.stdout).toContain('[WARNING] The following slots are open:');
    expect(await runCli(['apply', file('f.json'), '--yes'])).toMatchObject({ code: 0 });
    expect(await slotsOf(0, [0, 2000])).toBe(2001);
    await inOrder();
  });

  it('shows slots, keys, bytes and rate at a terminal, and stops at Ctrl-C as announced', async () => {
    const terminal = openTerminal(move(1, '--max-rate', '800k'));
    await terminal.waitFor(/Moving slots: \d+\/2001 slots \(\d+%\), [\d,]+ keys, [\d.]+ kB, [\d.]+ kB\/s, \d+ slots\/s, ETA/);
    terminal.type('\u0003');
    await terminal.waitFor('Press Ctrl-C again to exit at once');
    expect(await terminal.exit).toBe(130);
    expect(terminal.screen()).toMatch(/try: redis-trib reshard \S+ --from all --to [0-9a-f]{40} --slots \d+-2000/);
    await waitFor(async () => (await runCli(['check', at(0)])).code === 0, 'all nodes to agree');
    await inOrder();
  });

  it('names a valid rate when the rate is invalid', async () => {
    const run = await runCli(move(1, '--max-rate', 'fast'));
    expect(run).toMatchObject({ code: 2, stderr: expect.stringContaining('--max-rate takes a number of bytes like 500k') as unknown });
  });
});
