// Loading and checking a cluster of a thousand nodes: in parallel with a bound, each node asked once. The nodes are fakes in
// this process that reply with a delay, so that sequential requests would take more than ten seconds.
import { describe, expect, it } from 'vitest';
import { openCluster } from '../../src/apply/open-cluster.js';
import { startFakeCluster } from '../support/fake-cluster.js';

describe('a cluster of 1000 nodes', () => {
  it('is loaded and checked with one request per node, 64 at a time', async () => {
    await using fakes = await startFakeCluster(1000, 10);
    const start = performance.now();
    await using cluster = await openCluster(`127.0.0.1:${fakes.ports[0] ?? 0}`);
    const loaded = performance.now() - start;
    const report = await cluster.check();
    const checked = performance.now() - start - loaded;
    expect(cluster.view.nodes).toHaveLength(1000);
    expect(cluster.view.masters).toHaveLength(500);
    expect(report).toMatchObject({ ok: true, agreement: true, openSlots: [] });
    expect(new Set(fakes.asked)).toEqual(new Set([1]));
    expect(fakes.mostAtOnce).toBeGreaterThan(8);
    expect(fakes.mostAtOnce).toBeLessThanOrEqual(64);
    process.stdout.write(`1000 nodes: loaded in ${loaded.toFixed(0)} ms, checked in ${checked.toFixed(0)} ms\n`);
  });

  it('is loaded with fewer requests at a time when requested', async () => {
    await using fakes = await startFakeCluster(100, 5);
    await using cluster = await openCluster(`127.0.0.1:${fakes.ports[0] ?? 0}`, { concurrency: 4 });
    expect(cluster.view.nodes).toHaveLength(100);
    expect(fakes.mostAtOnce).toBe(4);
  });
});
