// The demo, as `npm run demo` runs it: its figures, its exit code, and that nothing is left running, also after Ctrl-C.
import { documentOf } from '../support/json-shape.js';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { availableParallelism, loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { spawnSync } from 'node:child_process';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { finished, runCli, startCli } from '../support/cli.js';
import { describeWithRedis } from '../support/redis-server.js';

let temp = '';
beforeEach(() => (temp = mkdtempSync(join(tmpdir(), 'redis-trib-demo-test-'))));
afterEach(() => rmSync(temp, { recursive: true, force: true }));

/** Processes started from our temporary folder. */
function leftovers(): string[] {
  const listing = spawnSync('ps', ['-eo', 'args'], { encoding: 'utf8' }).stdout.split('\n');
  return [...listing.filter((line) => line.includes(temp)), ...readdirSync(temp)];
}

/** The demo takes less than a minute; longer where more programs than cores want to run, as beside other suites. */
function longestSeconds(): number {
  return 60 * Math.max(1, (loadavg()[0] ?? 0) / availableParallelism());
}

function suite(server: readonly string[]): void {
  it('moves 1000 slots with 40,000 keys under load, kills a master, loses no write, and leaves no process or file', { timeout: 300_000 }, async () => {
    const run = await runCli(['demo', ...server, '--json'], { env: { TMPDIR: temp } });
    expect(run.code).toBe(0);
    const result = documentOf<{ moved: { slots: number; keys: number }; keys: number; present: number; healthy: boolean; consistency: Record<string, number>; failover: { ms: number; consistency: Record<string, number> }; seconds: number }>(run.stdout);
    expect(result).toMatchObject({ keys: 40_000, present: 40_000, healthy: true, consistency: { lost: 0, readErrors: 0, writeErrors: 0 } });
    expect(result.failover.consistency).toMatchObject({ lost: 0, unverified: [] });
    expect(result.failover.consistency['writes']).toBeGreaterThan(100);
    expect(result.failover.ms).toBeLessThan(20_000);
    expect(result.moved.slots).toBe(1000);
    expect(result.moved.keys).toBeGreaterThanOrEqual(40_000);
    expect(result.consistency['writes']).toBeGreaterThan(100);
    expect(result.seconds).toBeLessThan(longestSeconds());
    expect(leftovers()).toEqual([]);
  });

  it('moves 1000 slots with 100,000 keys under load without replicas, in less than a minute', { timeout: 300_000 }, async () => {
    const run = await runCli(['demo', ...server, '--replicas', '0', '--keys', '100000', '--json'], { env: { TMPDIR: temp } });
    expect(run.code).toBe(0);
    const result = JSON.parse(run.stdout) as { moved: { keys: number }; seconds: number };
    expect(result).toMatchObject({ keys: 100_000, present: 100_000, healthy: true, consistency: { lost: 0, readErrors: 0, writeErrors: 0 } });
    expect(result.moved.keys).toBeGreaterThanOrEqual(100_000);
    expect(result.seconds).toBeLessThan(longestSeconds());
  });

  it.each([
    ['once', 1],
    ['twice', 2],
  ])('leaves no process or file after Ctrl-C, %s', async (_, times) => {
    const child = startCli(['demo', ...server], { env: { TMPDIR: temp } });
    const done = finished(child);
    await new Promise<void>((resolve) => {
      let text = '';
      child.stderr?.on('data', (chunk: Buffer) => {
        text += chunk.toString();
        if (text.includes('Loading')) resolve();
      });
      void done.then(() => resolve());
    });
    for (let n = 0; n < times; n++) child.kill('SIGINT');
    expect((await done).code).toBe(130);
    expect(leftovers().filter((line) => line.includes('server'))).toEqual([]);
  });
}

describe('demo with the bundled node', () => suite([]));
describeWithRedis('demo with redis-server', () => suite(['--server', 'redis-server']));
