// The parity harness: sends one list of commands to the bundled node and to a real redis-server, and requires equal bytes.
// Lists use parityFile and its `list`; scripts over several connections are in script.ts, generated commands in generated.ts.
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { describeWithRedis } from '../support/redis-server.js';
import { sameReply } from './compare.js';
import { readLines } from './lines.js';
import type { Line } from './lines.js';
import type { RawConnection } from './raw-connection.js';
import type { RawReply } from './raw-reply.js';
import { startPair } from './servers.js';
import type { Pair } from './servers.js';

export type Protocol = 2 | 3;

/** One pair of servers for a file. `body` declares tests; `pair()` is there when they run, both servers empty. */
export function parityFile(name: string, body: (pair: () => Pair) => void, directives: Readonly<Record<string, string>> = {}): void {
  describeWithRedis(`parity: ${name}`, () => {
    let pair: Pair | null = null;
    const current = (): Pair => {
      if (!pair) throw new Error('the servers are not running');
      return pair;
    };
    beforeAll(async () => {
      pair = await startPair(directives);
    });
    afterAll(async () => {
      await pair?.stop();
    });
    beforeEach(async () => {
      await current().reset();
    });
    body(current);
  });
}

/** A list of commands, run in RESP2 and again in RESP3 on fresh connections to empty servers. */
export function parity(pair: () => Pair, name: string, list: string | readonly string[]): void {
  const lines = readLines(list);
  for (const protocol of [2, 3] as const) {
    it(`${name} (RESP${protocol}, ${lines.length} commands)`, async () => {
      expect(await runLines(pair(), lines, protocol)).toEqual([]);
    });
  }
}

/** Runs lines on both servers; descriptions of the differences, at most ten. */
export async function runLines(pair: Pair, lines: readonly Line[], protocol: Protocol): Promise<string[]> {
  const links = await pair.connect();
  try {
    for (const link of links) await link.call('HELLO', String(protocol));
    const [ours, real] = await Promise.all(links.map((link) => runOn(link, lines)));
    return differences(lines, ours!, real!);
  } finally {
    for (const link of links) link.close();
  }
}

async function runOn(link: RawConnection, lines: readonly Line[]): Promise<RawReply[][]> {
  link.send(lines.map((line) => line.args));
  const replies = await link.take(lines.reduce((sum, line) => sum + line.replies, 0));
  let at = 0;
  return lines.map((line) => replies.slice(at, (at += line.replies)));
}

function differences(lines: readonly Line[], ours: readonly RawReply[][], real: readonly RawReply[][]): string[] {
  const found: string[] = [];
  lines.forEach((line, i) => {
    for (let part = 0; part < line.replies && found.length < 10; part++) {
      const [a, b] = [ours[i]?.[part], real[i]?.[part]];
      if (!sameReply(a, b, line.rule)) found.push(`line ${i + 1}: ${line.text}\n  ours: ${show(a, b)}\n  real: ${show(b, a)}`);
    }
  });
  return found;
}

/** A reply as readable text; of a long one the part around the first byte that differs from `other`. */
export function show(reply: RawReply | undefined, other?: RawReply): string {
  if (reply === undefined) return 'no reply';
  const { raw } = reply;
  if (raw.length <= 300) return JSON.stringify(raw);
  let at = 0;
  while (at < raw.length && raw[at] === other?.raw[at]) at++;
  return `… at ${at}: ${JSON.stringify(raw.slice(Math.max(0, at - 120), at + 180))}`;
}
