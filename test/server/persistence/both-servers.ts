// redis-server and the built bundled node on one folder, one after the other, and random data for them.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Connection } from '../../../src/client/connection.js';
import { seededRandom } from '../../../src/server/runtime/random.js';
import { startRedis } from '../../support/redis-server.js';
import type { RedisNode } from '../../support/redis-server.js';
import { SERVER } from '../process/server-process.js';

export type Kind = 'redis-server' | 'the bundled node';
export const KINDS: readonly Kind[] = ['redis-server', 'the bundled node'];

const DEBUG = ['--enable-debug-command', 'yes'];

/** Starts a server on data files in `dir`. */
export const startOn = (kind: Kind, dir: string, args: readonly string[] = []): Promise<RedisNode> =>
  startRedis([...DEBUG, '--dir', dir, ...args], kind === 'redis-server' ? undefined : [process.execPath, SERVER]);

export class TestFolder {
  readonly path = mkdtempSync(join(tmpdir(), 'redis-trib-data-'));
  [Symbol.dispose](): void {
    rmSync(this.path, { recursive: true, force: true });
  }
}

/** Sends one command to a node over a new connection. */
export async function ask(node: RedisNode, ...words: string[]): Promise<unknown> {
  await using connection = await node.connect();
  return await connection.command(words);
}

export const digest = (node: RedisNode): Promise<unknown> => ask(node, 'DEBUG', 'DIGEST');

/** The fields of INFO persistence. */
export async function persistenceOf(node: RedisNode): Promise<Map<string, string>> {
  const text = String(await ask(node, 'INFO', 'persistence'));
  return new Map(text.split('\r\n').filter((line) => line.includes(':')).map((line) => line.split(':') as [string, string]));
}

/** Waits until a field of INFO persistence has a value, at most 10 s. */
export async function untilField(node: RedisNode, name: string, value: string): Promise<void> {
  for (let i = 0; i < 500; i++) {
    if ((await persistenceOf(node)).get(name) === value) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  throw new Error(`${name} did not become ${value}`);
}

/** Random keys of all types, sizes and encodings, some with an expiry, in several databases. */
export async function fill(connection: Connection, seed: number, keys: number): Promise<void> {
  const random = seededRandom(seed);
  const below = (bound: number): number => random.below(bound);
  const word = (): string => {
    const kind = below(6);
    if (kind === 0) return String(below(1000) - 500);
    if (kind === 1) return String(below(2 ** 31) * (below(2) === 0 ? 1 : -4096));
    if (kind === 2) return 'x'.repeat(below(200));
    if (kind === 3) return Array.from({ length: below(40) }, () => String.fromCharCode(below(256))).join('');
    if (kind === 4) return `${below(100)}.${below(100)}`;
    return `word${below(10_000)}`;
  };
  const size = (): number => [1, 3, 20, 150, 600][below(5)]!;
  const commands: string[][] = [];
  for (let i = 0; i < keys; i++) {
    const key = `${['string', 'list', 'set', 'hash', 'zset'][i % 5]!}:${i}`;
    if (below(10) === 0) commands.push(['SELECT', String(below(4))]);
    const n = i % 25 === 3 ? size() * 3 : size();
    const items = Array.from({ length: n }, word);
    if (i % 5 === 0) commands.push(['SET', key, below(4) === 0 ? 'ab'.repeat(below(3000)) : word()]);
    else if (i % 5 === 1) commands.push(['RPUSH', key, ...items]);
    else if (i % 5 === 2) commands.push(['SADD', key, ...(below(2) === 0 ? items : items.map(() => String(below(100_000))))]);
    else if (i % 5 === 3) commands.push(['HSET', key, ...items.flatMap((item) => [item, word()])]);
    else commands.push(['ZADD', key, ...items.flatMap((item) => [String((below(2000) - 1000) / [1, 3, 7][below(3)]!), item])]);
    if (below(4) === 0) commands.push(['PEXPIRE', key, String(10_000_000 + below(10_000_000))]);
    if (i % 200 === 199) await connection.pipeline(commands.splice(0));
  }
  await connection.pipeline(commands);
}
