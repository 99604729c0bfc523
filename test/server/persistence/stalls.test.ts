// BGSAVE and BGREWRITEAOF under 20,000 writes a second: the snapshot is consistent, its memory use is reported, and the event
// loop of the server is not blocked. REDIS_TRIB_STALLS=1000000 is the long mode: that number of keys, and no turn of the event
// loop takes more than 20 ms or begins more than 20 ms late, time in which other programs had the cores not counted (best of
// three rounds).
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import type { Connection } from '../../../src/client/connection.js';
import { startRedis, waitFor } from '../../support/redis-server.js';
import type { RedisNode } from '../../support/redis-server.js';
import type { Keyspace } from '../../../src/server/keyspace/keyspace.js';
import { SERVER } from '../process/server-process.js';
import { TestFolder, ask, persistenceOf } from './both-servers.js';
import { loaded } from './rdb-bytes.js';

const KEYS = Number(process.env['REDIS_TRIB_STALLS'] ?? 20_000);
const LONG = KEYS >= 1_000_000;
const ROUNDS = LONG ? 3 : 1;
const PAIRS = 1000;
const LONGEST = 20;
/** Every 5 ms: 90 keys set and five pairs counted up make 100 writes. */
const PERIOD = 5;
const SETS = 90;
const COUNTS = 5;
const PRELOAD = fileURLToPath(new URL('loop-delay.mjs', import.meta.url));

const value = (n: number): string => `${n}`.padEnd(100, 'v');

async function fill(node: RedisNode): Promise<void> {
  await using connection = await node.connect();
  for (let at = 0; at < KEYS; at += 5000) await connection.pipeline(Array.from({ length: Math.min(5000, KEYS - at) }, (_, i) => ['SET', `key:${at + i}`, value(at + i)]));
}

/** Writes until it is stopped; the result is the writes a second. */
function load(connection: Connection): () => number {
  let sent = 0;
  let turns = 0;
  const began = performance.now();
  const timer = setInterval(() => {
    // Sends as many writes as are due, however late the timer is.
    for (const due = (performance.now() - began) / PERIOD; turns < due; turns++) {
      const sets = Array.from({ length: SETS }, (_, i) => ['SET', `key:${(turns * 7919 + i * 104_729) % KEYS}`, value(turns)]);
      const counts = Array.from({ length: COUNTS }, (_, i) => (turns * COUNTS + i) % PAIRS).flatMap((n) => [['MULTI'], ['INCR', `left:${n}`], ['INCR', `right:${n}`], ['EXEC']]);
      sent += SETS + 2 * COUNTS;
      connection.pipeline([...sets, ...counts]).catch(() => undefined);
    }
  }, PERIOD);
  return () => {
    clearInterval(timer);
    return (sent / (performance.now() - began)) * 1000;
  };
}

/**
 * Longest delay of the server's event loop in ms: in total, without the time spent waiting for a core, and the longest CPU
 * time between two turns.
 */
interface Delay {
  readonly all: number;
  readonly own: number;
  readonly run: number;
}

/** The longest since the last call. */
async function longestDelay(node: RedisNode): Promise<Delay> {
  const said = (): RegExpMatchArray[] => [...node.log().matchAll(/longest delay (\S+) own (\S+) run (\S+)\n/g)];
  const before = said().length;
  node.process.kill('SIGUSR2');
  await waitFor(() => said().length > before, 'the delay');
  const [, all, own, run] = said().at(-1)!;
  return { all: Number(all), own: Number(own), run: Number(run) };
}

async function during(node: RedisNode, start: readonly string[], running: string): Promise<Delay> {
  await longestDelay(node);
  await ask(node, ...start);
  await waitFor(async () => (await persistenceOf(node)).get(running) === '0', `the end of ${start.join(' ')}`, 120_000);
  return longestDelay(node);
}

/** Pairs whose halves differ, pairs that were counted, and keys. */
function pairsOf(keyspace: Keyspace): { torn: number; counted: number; keys: number } {
  const db = keyspace.db(0);
  let [torn, counted] = [0, 0];
  for (let n = 0; n < PAIRS; n++) {
    const [left, right] = [db.lookupRead(`left:${n}`), db.lookupRead(`right:${n}`)];
    if (left !== right) torn++;
    if (left !== undefined) counted++;
  }
  return { torn, counted, keys: db.size };
}

it(`BGSAVE and BGREWRITEAOF of ${KEYS} keys are consistent under 20,000 writes a second, and do not block the event loop`, async () => {
  using folder = new TestFolder();
  await using node = await startRedis(
    ['--dir', folder.path, '--appendonly', 'yes', '--auto-aof-rewrite-percentage', '0'],
    [process.execPath, '--max-old-space-size=4000', '--import', PRELOAD, SERVER],
  );
  await fill(node);
  await using connection = await node.connect();
  const stop = load(connection);
  const delays: Record<'before' | 'save' | 'rewrite', Delay[]> = { before: [], save: [], rewrite: [] };
  for (let round = 0; round < ROUNDS; round++) {
    await longestDelay(node);
    await new Promise((resolve) => setTimeout(resolve, LONG ? 3000 : 300));
    delays.before.push(await longestDelay(node));
    delays.save.push(await during(node, ['BGSAVE'], 'rdb_bgsave_in_progress'));
    delays.rewrite.push(await during(node, ['BGREWRITEAOF'], 'aof_rewrite_in_progress'));
  }
  const rate = stop();
  const info = await persistenceOf(node);
  const base = readdirSync(join(folder.path, 'appendonlydir')).find((name) => name.includes('.base.'))!;
  for (const path of [join(folder.path, 'dump.rdb'), join(folder.path, 'appendonlydir', base)]) {
    expect(pairsOf(loaded(readFileSync(path)))).toEqual({ torn: 0, counted: LONG ? PAIRS : expect.any(Number) as number, keys: expect.any(Number) as number });
  }
  const memory = { save: Number(info.get('rdb_last_cow_size')), rewrite: Number(info.get('aof_last_cow_size')) };
  process.stdout.write(`stalls: ${KEYS} keys, ${rate.toFixed(0)} writes/s; longest delay ms ${JSON.stringify(delays)}; extra memory bytes ${JSON.stringify(memory)}\n`);
  expect([info.get('rdb_last_bgsave_status'), info.get('aof_last_bgrewrite_status')]).toEqual(['ok', 'ok']);
  expect([memory.save > 0, memory.rewrite > 0]).toEqual([true, true]);
  expect(rate).toBeGreaterThan(LONG ? 18_000 : 5000);
  if (!LONG) return;
  for (const rounds of [delays.save, delays.rewrite]) {
    expect(Math.max(...rounds.map(({ run }) => run))).toBeLessThanOrEqual(LONGEST);
    expect(Math.min(...rounds.map(({ own }) => own))).toBeLessThanOrEqual(LONGEST);
  }
}, LONG ? 600_000 : 120_000);
