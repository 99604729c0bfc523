// Saving and loading a million keys, and SET with an append-only file, of our node against redis-server.
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { Connection } from '../../src/client/connection.js';
import { HOST, median, run, startPeer } from './peers.js';
import type { Kind, Peer } from './peers.js';

const ROUNDS = 3;
const KEYS = 1_000_000;
const BATCH = 5000;
const FLOORS = { files: 0.3, set: 0.6 };

type Ask = (...words: string[]) => Promise<unknown>;

async function withPeer<T>(kind: Kind, args: readonly string[], body: (ask: Ask, peer: Peer, link: Connection) => Promise<T>): Promise<T> {
  const peer = await startPeer(kind, [...args, '--enable-debug-command', 'yes']);
  const link = await Connection.connect({ host: HOST, port: peer.port });
  try {
    return await body((...words) => link.command(words), peer, link);
  } finally {
    link.close();
    await peer.stop();
  }
}

async function timed(act: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await act();
  return performance.now() - start;
}

async function fill(link: Connection): Promise<void> {
  const value = 'v'.repeat(100);
  for (let at = 0; at < KEYS; at += BATCH) await link.pipeline(Array.from({ length: BATCH }, (_, i) => ['SET', `key:${at + i}`, value]));
}

/** Milliseconds of SAVE, of loading that RDB, and of loading an append-only file of a million commands. */
async function fileTimes(kind: Kind): Promise<{ save: number; load: number; aof: number }> {
  return withPeer(kind, ['--appendonly', 'yes', '--auto-aof-rewrite-percentage', '0'], async (ask, _peer, link) => {
    await fill(link);
    const [, dir] = (await ask('CONFIG', 'GET', 'dir')) as [string, string];
    const [saves, loads, aofs]: number[][] = [[], [], []];
    for (let round = 0; round < ROUNDS; round++) {
      saves!.push(await timed(() => ask('SAVE')));
      aofs!.push(await timed(() => ask('DEBUG', 'LOADAOF')));
    }
    await ask('CONFIG', 'SET', 'appendonly', 'no');
    for (let round = 0; round < ROUNDS; round++) loads!.push(await timed(() => ask('DEBUG', 'RELOAD', 'NOSAVE')));
    const increments = readdirSync(join(dir, 'appendonlydir')).filter((name) => name.endsWith('.incr.aof'));
    if (increments.every((name) => statSync(join(dir, 'appendonlydir', name)).size < KEYS)) throw new Error('the append-only file is not of commands');
    return { save: median(saves!), load: median(loads!), aof: median(aofs!) };
  });
}

async function setRate(kind: Kind, policy: string, pipeline: number): Promise<number> {
  return withPeer(kind, ['--appendonly', 'yes', '--appendfsync', policy, '--auto-aof-rewrite-percentage', '0'], async (_ask, peer) => {
    const requests = String(pipeline === 1 ? 80_000 : 400_000); // a second or so: in much less the engine still compiles
    const { stdout } = await run('redis-benchmark', ['-h', HOST, '-p', String(peer.port), '-c', '50', '-d', '64', '-r', '100000', '-n', requests, '-P', String(pipeline), '--csv', '-t', 'set']);
    const line = stdout.split('\n').filter((text) => text.includes('SET')).at(-1) ?? '';
    return Number(/^"[^"]*","([\d.]+)"/.exec(line)?.[1]);
  });
}

const verdict = (ratio: number, floor: number): string => `ratio ${ratio.toFixed(2)}, floor ${floor}${ratio < floor ? ': BELOW' : ''}`;

/** Prints times of files as speed ratios (redis-server's time by ours), then SET rates by appendfsync. */
export async function benchPersistence(print: (line: string) => void): Promise<void> {
  const [ours, real] = [await fileTimes('ours'), await fileTimes('redis')];
  print('\npersistence: 1M keys with values of 100 bytes, ms, ours / redis-server');
  for (const [name, what] of [['save', 'SAVE'], ['load', 'load of the RDB'], ['aof', 'load of the AOF']] as const) {
    print(`  ${what.padEnd(16)} ${ours[name].toFixed(0).padStart(7)} ${real[name].toFixed(0).padStart(7)}   ${verdict(real[name] / ours[name], FLOORS.files)}`);
  }
  for (const policy of ['always', 'everysec']) {
    for (const pipeline of [1, 16]) {
      const pairs: [number, number][] = [];
      for (let round = 0; round < ROUNDS; round++) pairs.push([await setRate('ours', policy, pipeline), await setRate('redis', policy, pipeline)]);
      const [a, b] = [median(pairs.map(([x]) => x)), median(pairs.map(([, y]) => y))];
      print(`  SET ${policy.padEnd(8)} pipeline ${String(pipeline).padStart(2)} ${a.toFixed(0).padStart(8)} ${b.toFixed(0).padStart(8)} a second   ${verdict(median(pairs.map(([x, y]) => x / y)), FLOORS.set)}`);
    }
  }
}
