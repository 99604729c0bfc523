// A mover process that is killed with SIGKILL at many points of a move while clients write: the same plan, run again,
// completes, with every slot closed, every key once and no write lost. Runs the built library in a child process.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { openCluster } from '../../src/apply/open-cluster.js';
import { SlotSet } from '../../src/cluster/slot-set.js';
import type { ReshardPlan } from '../../src/plan/reshard.js';
import { planReshard } from '../../src/plan/reshard.js';
import { Hammer, fill, keysInSlots, totalKeys } from '../support/load.js';
import type { RedisNodes } from '../support/redis-server.js';
import { describeWithRedis, startRedisCluster } from '../support/redis-server.js';

const library = new URL('../../dist/src/index.js', import.meta.url);
const SCRIPT = `
  const { openCluster } = await import(process.argv[1]);
  const cluster = await openCluster(process.argv[2]);
  const onEvent = (event) => process.stdout.write(event.kind + '\\n');
  await cluster.apply(JSON.parse(process.argv[3]), { method: 'keys', onEvent });
  cluster.close();
`;

/** Runs the plan in a child and kills it after so many events; true when it was killed before it was done. */
function runAndKill(nodes: RedisNodes, plan: ReshardPlan, afterEvents: number): Promise<boolean> {
  const child = spawn(process.execPath, ['--input-type=module', '-e', SCRIPT, fileURLToPath(library), nodes.seed, JSON.stringify(plan)], { stdio: ['ignore', 'pipe', 'inherit'] });
  let events = 0;
  child.stdout.on('data', (chunk: Buffer) => {
    events += chunk.toString().split('\n').length - 1;
    if (events >= afterEvents) child.kill('SIGKILL');
  });
  return new Promise((resolve) => child.once('exit', (_, signal) => resolve(signal === 'SIGKILL')));
}

describeWithRedis('a mover that was killed', () => {
  it('leaves a state that the next run completes', async () => {
    expect(existsSync(library), 'npm run build comes before this test').toBe(true);
    await using nodes = await startRedisCluster(3);
    const filler = keysInSlots(0, 600, 9000).map((key) => `{${key}}filler`);
    await fill(nodes, filler.map((key) => ['SET', key, key]));
    const counters = keysInSlots(0, 600, 400);
    const hammer = await Hammer.start(nodes, counters);
    let open = 0;
    let killed = 0;
    for (let round = 0; round < 8; round++) {
      await using cluster = await openCluster(nodes.seed);
      const to = nodes.nodes[(round + 1) % 3]?.address ?? '';
      const plan = planReshard(await cluster.healthyView(), { amount: { slots: SlotSet.parse('0-600') }, from: 'all', to: [to] });
      if (await runAndKill(nodes, plan, 1 + round * 170 + Math.floor(Math.random() * 150))) killed++;
      await cluster.refresh();
      const left = await cluster.check();
      open += left.openSlots.length;
      expect(left.uncovered.size).toBe(0);
      await cluster.apply(plan, { method: 'keys' });
      expect(await cluster.check({ searchMultipleOwners: true })).toMatchObject({ ok: true, openSlots: [] });
    }
    expect(killed).toBeGreaterThan(4);
    expect(open).toBeGreaterThan(0);
    expect(await hammer.finish()).toEqual([]);
    expect(hammer.writes).toBeGreaterThan(300);
    expect(await totalKeys(nodes)).toBe(filler.length + hammer.acknowledged.size);
  }, 120_000);
});
