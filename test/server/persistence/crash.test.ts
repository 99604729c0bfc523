// kill -9 at random moments under writes, or when the name of a file changes during a rewrite or a save: the files load every
// time, with `always` nothing that was acknowledged is missing, with `everysec` nothing older than two seconds, pairs written
// together stay together, and a dump is the old one or the new one. REDIS_TRIB_CRASHES=200 is the long mode.
import { mkdirSync, readdirSync, renameSync, watch } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Random } from '../../../src/server/runtime/random.js';
import { seededRandom } from '../../../src/server/runtime/random.js';
import type { RedisNode } from '../../support/redis-server.js';
import { seed } from '../fuzz/seed.js';
import { TestFolder, ask, startOn } from './both-servers.js';
import { countUntilDeath } from './load-process.js';

const CRASHES = Number(process.env['REDIS_TRIB_CRASHES'] ?? 3);
const LIMIT = 60_000 + CRASHES * 30_000;
/** Keys besides the counters, so that a snapshot takes long enough. */
const BALLAST = 20_000;

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
const start = (folder: TestFolder, ...args: string[]): Promise<RedisNode> => startOn('the bundled node', folder.path, args);

/** Resolves when names in the folder and its append-only folder have changed `count` times, or after `most` ms. */
async function namesChanged(folder: TestFolder, count: number, most: number): Promise<void> {
  const inside = join(folder.path, 'appendonlydir');
  let left = count;
  await new Promise<void>((resolve) => {
    const timer = setTimeout(resolve, most);
    const watchers = [folder.path, inside].map((path) =>
      watch(path, (event) => {
        if (event !== 'rename' || --left > 0) return;
        clearTimeout(timer);
        resolve();
      }),
    );
    setTimeout(() => watchers.forEach((one) => one.close()), most + 1);
  });
}

/** Starts a save or rewrite at a random moment, and kills the node at another, or at one of its renames. */
async function untilTheEnd(node: RedisNode, folder: TestFolder, chore: readonly string[] | null, random: Random): Promise<void> {
  // Now and then long enough that everysec must have synced.
  await pause(random.below(20) === 0 ? 3000 : random.below(150));
  if (chore === null) return pause(random.below(300));
  const end = random.below(2) === 0 ? pause(random.below(120)) : namesChanged(folder, 1 + random.below(8), 1500);
  await ask(node, ...chore).catch(() => undefined);
  await end;
}

async function fillBallast(node: RedisNode): Promise<void> {
  await using connection = await node.connect();
  for (let at = 0; at < BALLAST; at += 2000) await connection.pipeline(Array.from({ length: 2000 }, (_, i) => ['SET', `ballast:${at + i}`, 'x'.repeat(100)]));
}

/** The counters that were written in pairs, and the length of the list that the last number is in. */
async function counters(node: RedisNode): Promise<{ left: number; right: number; logged: number }> {
  const [left, right] = [Number(await ask(node, 'GET', 'left')), Number(await ask(node, 'GET', 'right'))];
  return { left, right, logged: Number(await ask(node, 'LLEN', `log:${left % 50}`)) };
}

describe('after kill -9 under writes', () => {
  it.each(['always', 'everysec'])(`appendfsync %s loses no more than it permits, ${CRASHES} times (seed ${seed})`, async (policy) => {
    using folder = new TestFolder();
    const random = seededRandom(seed);
    const again = (): Promise<RedisNode> => start(folder, '--appendonly', 'yes', '--appendfsync', policy, '--auto-aof-rewrite-percentage', '0');
    let node = await again();
    await fillBallast(node);
    let next = 1;
    for (let crash = 0; crash < CRASHES; crash++) {
      const writing = countUntilDeath(node.port, next);
      await untilTheEnd(node, folder, [['BGREWRITEAOF'], ['BGSAVE'], null][crash % 3]!, random);
      const killed = performance.now();
      await node.stop();
      const { last, at } = await writing;
      const what = `crash ${crash}, ${readdirSync(join(folder.path, 'appendonlydir')).join(' ')}`;
      node = await again();
      const { left, right, logged } = await counters(node);
      expect(left, what).toBe(right);
      const must = policy === 'always' ? last : next - 1 + at.filter((time) => time < killed - 2000).length;
      expect(left, what).toBeGreaterThanOrEqual(must);
      expect([logged, Number(await ask(node, 'DBSIZE'))], what).toEqual([Math.floor(left / 50) + (left % 50 === 0 ? 0 : 1), BALLAST + Math.min(left, 50) + (left > 0 ? 2 : 0)]);
      next = left + 1;
    }
    await node.stop();
    expect(next).toBeGreaterThan(CRASHES);
  }, LIMIT);

  it(`the dump is the old one or the new one, and so are the files of the first rewrite, ${CRASHES} times (seed ${seed})`, async () => {
    using folder = new TestFolder();
    mkdirSync(join(folder.path, 'appendonlydir'));
    const random = seededRandom(seed);
    let saved = 0;
    let node = await start(folder, '--appendonly', 'no');
    await fillBallast(node);
    await ask(node, 'SAVE');
    for (let crash = 0; crash < CRASHES; crash++) {
      const writing = countUntilDeath(node.port, saved + 1);
      await untilTheEnd(node, folder, crash % 2 === 0 ? ['BGSAVE'] : ['CONFIG', 'SET', 'appendonly', 'yes'], random);
      await node.stop();
      await writing;
      const what = `crash ${crash}, ${readdirSync(folder.path).join(' ')}, ${readdirSync(join(folder.path, 'appendonlydir')).join(' ')}`;
      node = await start(folder, '--appendonly', crash % 2 === 0 ? 'no' : 'yes');
      const { left, right } = await counters(node);
      expect(left, what).toBe(right);
      expect(left, what).toBeGreaterThanOrEqual(saved);
      expect(Number(await ask(node, 'DBSIZE')), what).toBe(BALLAST + Math.min(left, 50) + (left > 0 ? 2 : 0));
      // The dump has it all, and no set of append-only files is there: as at the beginning.
      await ask(node, 'CONFIG', 'SET', 'appendonly', 'no');
      await ask(node, 'SAVE');
      saved = left;
      using stale = new TestFolder();
      for (const name of readdirSync(join(folder.path, 'appendonlydir'))) renameSync(join(folder.path, 'appendonlydir', name), join(stale.path, name));
    }
    await node.stop();
  }, LIMIT);
});
