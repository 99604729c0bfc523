// Random command sequences on our node and on a real server: every reply, and the data at the end. Seeds are fixed;
// PARITY_SEED and PARITY_RUNS run others.
import { expect, it } from 'vitest';
import { GENERATORS, generate } from './generated.js';
import { parityFile, runLines } from './harness.js';
import { readLine, readLines } from './lines.js';
import type { RawConnection } from './raw-connection.js';
import type { Pair } from './servers.js';

const FIRST_SEED = Number(process.env['PARITY_SEED'] ?? 1);
const RUNS = Number(process.env['PARITY_RUNS'] ?? 5);
const COMMANDS = 400;
const KEYS = ['k0', 'k1', 'k2', 'k3'];

/** The data under the keys: digests, types, encodings, expiries. */
const FINAL = readLines(KEYS.flatMap((key) => [`DEBUG DIGEST-VALUE ${key}`, `TYPE ${key}`, `OBJECT ENCODING ${key}`, `TTL ${key}`]));

const bulk = (raw: string): string | null => (raw.startsWith('$-1') || raw.startsWith('_') ? null : raw.slice(raw.indexOf('\r\n') + 2, -2));

/** Each side restores what both dumped; equal digests mean equal values. */
async function exchangeDumps(pair: Pair): Promise<void> {
  const links = await pair.connect();
  for (const key of KEYS) {
    const payloads = await Promise.all(links.map(async (link) => bulk((await link.call('DUMP', key)).raw)));
    for (const link of links) expect(await digests(link, payloads), key).toHaveLength(1);
  }
  for (const link of links) link.close();
}

/** The different digests of what the payloads become on a server; one when they hold the same value. */
async function digests(link: RawConnection, payloads: readonly (string | null)[]): Promise<string[]> {
  const found = new Set<string>();
  for (const payload of payloads) {
    if (payload !== null) expect((await link.call('RESTORE', 'copy', '0', payload, 'REPLACE')).raw).toBe('+OK\r\n');
    found.add(payload === null ? 'none' : (await link.call('DEBUG', 'DIGEST-VALUE', 'copy')).raw);
  }
  return [...found];
}

parityFile('generated commands', (pair) => {
  for (const [name, templates] of Object.entries(GENERATORS)) {
    for (let seed = FIRST_SEED; seed < FIRST_SEED + RUNS; seed++) {
      it(`${name}, seed ${seed}`, async () => {
        const lines = generate(templates, seed, COMMANDS).map(readLine);
        expect(await runLines(pair(), lines, seed % 2 === 0 ? 3 : 2)).toEqual([]);
        expect(await runLines(pair(), FINAL, 2)).toEqual([]);
        await exchangeDumps(pair());
      });
    }
  }
});
