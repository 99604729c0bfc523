// A steady load as a separate process: a fixed rate of GETs and SETs on the given nodes, independent of the reply times, which it
// measures. It reads lines from stdin: `begin`, `end` (prints one JSON line); the end of input ends it.
import { createInterface } from 'node:readline';
import { ClusterClient } from '../../src/client/cluster-client.js';

/** Latencies of one stretch of time, milliseconds. */
export interface LoadReport {
  readonly requests: number;
  readonly errors: number;
  readonly p50: number;
  readonly p99: number;
  readonly p999: number;
  readonly max: number;
}

function quantile(sorted: readonly number[], share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? NaN;
}

async function main(): Promise<void> {
  const [addresses = '', perSecond = '500', keyCount = '1000000'] = process.argv.slice(2);
  const seeds = addresses.split(',').map((text) => ({ host: text.slice(0, text.lastIndexOf(':')), port: Number(text.slice(text.lastIndexOf(':') + 1)) }));
  const client = await ClusterClient.connect(seeds);
  const value = 'w'.repeat(100);
  let times: number[] = [];
  let errors = 0;
  const once = async (index: number): Promise<void> => {
    const key = `key:${Math.floor(Math.random() * Number(keyCount))}`;
    const from = performance.now();
    try {
      await client.command(index % 5 === 0 ? ['SET', key, value] : ['GET', key]);
      times.push(performance.now() - from);
    } catch {
      errors++;
    }
  };
  const start = performance.now();
  let sent = 0;
  // Open loop: what is due is sent, however late earlier answers are, so that a stall is seen by all it would have met.
  const timer = setInterval(() => {
    for (const due = ((performance.now() - start) * Number(perSecond)) / 1000; sent < due; sent++) void once(sent);
  }, 1);
  const input = createInterface({ input: process.stdin });
  input.on('line', (line) => {
    const sorted = times.sort((a, b) => a - b);
    const report: LoadReport = { requests: sorted.length, errors, p50: quantile(sorted, 0.5), p99: quantile(sorted, 0.99), p999: quantile(sorted, 0.999), max: sorted.at(-1) ?? NaN };
    [times, errors] = [[], 0];
    if (line === 'end') process.stdout.write(`${JSON.stringify(report)}\n`);
  });
  input.once('close', () => {
    clearInterval(timer);
    client.close();
  });
  process.stdout.write('ready\n');
}

await main();
