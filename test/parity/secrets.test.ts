// Passwords in MONITOR and SLOWLOG, on our node and on a real server: one rule for both.
import { expect, it } from 'vitest';
import { parityFile } from './harness.js';
import { readLine } from './lines.js';
import type { RawConnection } from './raw-connection.js';
import { waitFor } from '../support/redis-server.js';

const PASSWORD = 'hunter2';
const SECRETS = new RegExp(`${PASSWORD}|someuser`);

/** Requests with secrets in them, right and wrong ones; each stands for one rule of the real server. */
const REQUESTS = [
  'AUTH hunter2',
  'AUTH default hunter2',
  'AUTH someuser hunter2',
  'HELLO 2 AUTH default hunter2',
  'HELLO 2 SETNAME auth AUTH someuser hunter2 SETNAME me',
  'HELLO 2',
  'MIGRATE 127.0.0.1 1 nokey 0 10 AUTH hunter2',
  'MIGRATE 127.0.0.1 1 nokey 0 10 COPY AUTH2 someuser hunter2 REPLACE',
  'MIGRATE 127.0.0.1 1 "" 0 10 auth2 someuser hunter2 KEYS auth nokey',
  'CONFIG SET masterauth hunter2',
  'CONFIG SET maxmemory-samples 5 MASTERAUTH hunter2 masteruser someuser',
  'CONFIG SET nosuch x masterauth hunter2',
  'CONFIG SET requirepass hunter2',
  'CONFIG SET requirepass ""',
  'CONFIG GET masterauth',
  'SET auth "a\\"b\\\\c\\n\\r\\t\\a\\b\\x00\\xff\\x7f"',
  'GET auth',
  'CLIENT KILL ID 12345678',
  'CLIENT SETNAME x',
  'SLOWLOG LEN',
  'CLUSTER INFO',
  'DEBUG SLEEP 0',
  'GET',
  'NOSUCH x',
  'MULTI',
  'AUTH default hunter2',
  'CONFIG SET masterauth hunter2',
  'SET a b',
  'BLPOP nolist 0',
  'EXEC',
  'RESET',
];

parityFile('secrets', (pair) => {
  const run = async (link: RawConnection): Promise<void> => {
    for (const text of REQUESTS) await link.call(...readLine(text).args);
  };

  it('do not reach MONITOR, which shows the rest as the real server does', async () => {
    const [ours, real] = await pair().connect();
    const watchers = await pair().connect();
    const seen: string[][] = [];
    for (const [i, link] of [ours, real].entries()) {
      const watcher = watchers[i]!;
      expect((await watcher.call('MONITOR')).raw).toBe('+OK\r\n');
      await run(link);
      await link.call('ECHO', 'end');
      const lines: string[] = [];
      await waitFor(() => {
        for (const { raw } of watcher.takeAll()) lines.push(raw.replace(/^\+\d+\.\d{6} \[\d+ 127\.0\.0\.1:\d+\]/, ''));
        return lines.at(-1)?.includes('"end"') ?? false;
      }, 'the last line of MONITOR');
      seen.push(lines);
    }
    expect(seen[0]!.join('')).not.toMatch(SECRETS);
    expect(seen[0]).toEqual(seen[1]);
    for (const link of [ours, real, ...watchers]) link.close();
  });

  it('do not reach SLOWLOG, which keeps the rest as the real server does', async () => {
    const links = await pair().connect();
    const kept: string[][] = [];
    for (const link of links) {
      await link.call('CONFIG', 'SET', 'slowlog-log-slower-than', '0', 'slowlog-max-len', '1000');
      await link.call('SLOWLOG', 'RESET');
      await run(link);
      await link.call('CONFIG', 'SET', 'slowlog-log-slower-than', '-1');
      const reply = await link.call('SLOWLOG', 'GET', '-1');
      kept.push(reply.items.map(({ items }) => items[3]!.raw));
    }
    expect(kept[0]!.join('')).not.toMatch(SECRETS);
    expect(kept[0]).toEqual(kept[1]);
    for (const link of links) link.close();
  });

  it('MONITOR shows a long argument completely', async () => {
    const word = `${'ab"\\\n\xff'.repeat(30_000)}z`;
    const lines: string[] = [];
    const links = await pair().connect();
    const watchers = await pair().connect();
    for (const [i, link] of links.entries()) {
      await watchers[i]!.call('MONITOR');
      await link.call('SET', 'k', word);
      const [line] = await watchers[i]!.take(1);
      lines.push(line!.raw.replace(/^\+\S+ \[[^\]]*\]/, ''));
    }
    expect(lines[0] === lines[1]).toBe(true);
    expect(lines[0]!.length).toBeGreaterThan(word.length);
    for (const link of [...links, ...watchers]) link.close();
  });
});
