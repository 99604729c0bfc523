// fix on many slots at once: several kinds of problems, both directions between two nodes, a hundred open slots, nodes with
// passwords.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, expect, it } from 'vitest';
import { Connection } from '../../src/client/connection.js';
import { BrokenCluster, runHere } from '../support/broken-cluster.js';
import { ABC, DE, useFixFixture } from '../support/fix-fixture.js';
import { describeWithRedis, startRedisCluster } from '../support/redis-server.js';

describeWithRedis('fix on many slots', () => {
  const fixture = useFixFixture();
  const { expectFixed, fix, healed, slotOf, uncover } = fixture;
  let c: BrokenCluster;
  beforeAll(() => {
    c = fixture.cluster;
  });

  it('repairs many problems in one run', async () => {
    const [moving, stray, importing, uncovered, half] = [slotOf(), slotOf(), slotOf(), slotOf(), slotOf()];
    await c.put(0, moving, ABC);
    await c.setSlot(1, moving, 'IMPORTING', 0);
    await c.setSlot(0, moving, 'MIGRATING', 1);
    await c.put(1, moving, DE);
    await c.put(2, stray, DE, 0);
    await c.put(0, importing, ABC);
    await c.setSlot(2, importing, 'IMPORTING', 0);
    await c.put(2, importing, DE);
    await c.put(1, uncovered, ABC, 0);
    await c.setSlot(0, half, 'MIGRATING', 2);
    await uncover(uncovered);
    const run = await fix('--dry-run', '--json');
    const { plan } = JSON.parse(run.stdout) as { plan: { decisions: { code: string; danger: string }[] } };
    expect(plan.decisions.map(({ code }) => code).sort()).toEqual(['close-open', 'cover-holder', 'finish-move', 'gather-open', 'gather-stray']);
    expect(await c.holders(stray)).toEqual({ d: [2], e: [2] });
    await expectFixed('--yes');
    await c.serving();
    await healed(moving, 1, { ...ABC, ...DE });
    await healed(stray, 0, DE);
    await healed(importing, 0, { ...ABC, ...DE });
    await healed(uncovered, 1, ABC);
    await healed(half, 0, {});
  });

  it('moves keys in both directions between two nodes without a deadlock', async () => {
    const here = Array.from({ length: 20 }, (_, index) => 1000 + index);
    const there = Array.from({ length: 20 }, (_, index) => 7000 + index);
    const many = Object.fromEntries(Array.from({ length: 60 }, (_, index) => [`k${index}`, `${index}`]));
    for (const slot of here) await c.put(1, slot, many, 0);
    for (const slot of there) await c.put(0, slot, many, 1);
    const started = performance.now();
    await expectFixed('--timeout', '20000');
    expect(performance.now() - started).toBeLessThan(10_000);
    for (const slot of [1000, 1019]) await healed(slot, 0, many);
    for (const slot of [7000, 7019]) await healed(slot, 1, many);
  });

  it('completes 100 open slots with 50 keys each, as a killed reshard leaves them', async () => {
    const slots = Array.from({ length: 100 }, (_, index) => 2000 + index);
    for (const slot of slots) {
      await c.put(0, slot, Object.fromEntries(Array.from({ length: 25 }, (_, i) => [`s${i}`, `${i}`])));
      await c.setSlot(1, slot, 'IMPORTING', 0);
      await c.setSlot(0, slot, 'MIGRATING', 1);
      await c.put(1, slot, Object.fromEntries(Array.from({ length: 25 }, (_, i) => [`t${i}`, `${i}`])));
    }
    const run = await fix('--json');
    expect(JSON.parse(run.stdout)).toMatchObject({ ok: true, applied: true, outcome: { keys: 2500 * c.databases, movesFinished: 100, failures: [], unresolved: [] } });
    for (const slot of [2000, 2057, 2099]) await healed(slot, 1, { ...Object.fromEntries(Array.from({ length: 25 }, (_, i) => [`s${i}`, `${i}`])), ...Object.fromEntries(Array.from({ length: 25 }, (_, i) => [`t${i}`, `${i}`])) });
  });
});

describeWithRedis('fix with passwords', () => {
  it('passes users and passwords in every MIGRATE', async () => {
    await using nodes = await startRedisCluster(2, { extraArgs: ['--user', 'admin', 'on', '>s3cret', '~*', '&*', '+@all'] });
    const c = await BrokenCluster.open(nodes.nodes, ({ host, port }) => Connection.connect({ host, port }));
    for (const [index, slot] of [10, 12, 14].entries()) {
      await c.put(0, slot, { a: 'value a', b: `${index}` });
      await c.put(1, slot, { a: index === 2 ? 'a' : 'value a', d: 'value d' }, 0);
    }
    await c.setSlot(1, 12, 'IMPORTING', 0);
    await c.setSlot(0, 12, 'MIGRATING', 1);
    for (const link of c.links) await link.command(['CONFIG', 'SET', 'requirepass', 'pass']);
    const dir = mkdtempSync(join(tmpdir(), 'redis-trib-fix-'));
    const run = await runHere(['fix', c.seed, '--user', 'admin', '-a', 's3cret', '--no-auth-warning', '--on-conflict', 'largest'], { cwd: dir });
    rmSync(dir, { recursive: true, force: true });
    expect(run.code, run.stdout + run.stderr).toBe(0);
    expect(await c.holders(10)).toEqual({ a: [0], b: [0], d: [0] });
    expect(await c.holders(12)).toEqual({ a: [1], b: [1], d: [1] });
    expect(await c.value(0, 14, 'a')).toBe('value a');
    c.close();
  });
});
