// Three masters of a real cluster. Each test breaks other slots by hand and repairs them with fix.
import { mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect } from 'vitest';
import { Connection } from '../../src/client/connection.js';
import { BrokenCluster, runHere, type ProgramRun } from './broken-cluster.js';
import { startRedisCluster, type RedisNodes } from './redis-server.js';
import { currentDatabases, currentReplicas } from './server-builds.js';

export const ABC = { a: 'value a', b: 'value b', c: 'value c' };
export const DE = { d: 'value d', e: 'value e' };

/** A copy of a key in the file that fix saves replaced copies to. */
export interface SavedCopy {
  readonly name: string;
  readonly payload: string;
  readonly from: string;
  readonly database: number;
}

class FixFixture {
  private nodes: RedisNodes | undefined;
  private opened: BrokenCluster | undefined;
  private dir = '';
  private lastSlot = 10;

  /** Valid within tests. */
  get cluster(): BrokenCluster {
    if (this.opened === undefined) throw new Error('the cluster has not been started');
    return this.opened;
  }

  async start(): Promise<void> {
    this.nodes = await startRedisCluster(3, { replicas: currentReplicas });
    this.opened = await BrokenCluster.open(this.nodes.nodes.slice(0, 3), ({ host, port }, database) => Connection.connect({ host, port, database }), currentDatabases > 1 ? [currentDatabases - 1] : []);
    this.dir = mkdtempSync(join(tmpdir(), 'redis-trib-fix-'));
  }

  async stop(): Promise<void> {
    this.opened?.close();
    await this.nodes?.stop();
    if (this.dir !== '') rmSync(this.dir, { recursive: true, force: true });
  }

  /** Repairs what a failed test left, so that the next tests do not fail for it. */
  async reset(): Promise<void> {
    await this.fix('--yes', '--choose-owner', '--on-conflict', 'newest-slot-owner');
    for (const link of this.cluster.links) await link.pipeline([['FLUSHALL']]);
  }

  /** A slot of node 0 that no other test uses. */
  readonly slotOf = (): number => (this.lastSlot += 2);

  /** Runs check in the directory of the saved copies. */
  readonly check = (): Promise<ProgramRun> => runHere(['check', this.cluster.seed], { cwd: this.dir });

  readonly fix = (...flags: string[]): Promise<ProgramRun> => runHere(['fix', this.cluster.seed, ...flags], { cwd: this.dir });

  readonly expectFixed = async (...flags: string[]): Promise<ProgramRun> => {
    const run = await this.fix(...flags);
    expect(run.stderr + run.stdout).toContain('All 16384 slots covered');
    expect(run.code, run.stdout + run.stderr).toBe(0);
    return run;
  };

  /** The cluster is healthy, and the keys of the slot are once each, at the owner, with their values. */
  readonly healed = async (slot: number, owner: number, values: Readonly<Record<string, string>>): Promise<void> => {
    const { cluster: c } = this;
    expect(await c.claimants(slot)).toEqual([owner]);
    expect(await c.holders(slot)).toEqual(Object.fromEntries(Object.keys(values).map((name) => [name, [owner]])));
    for (const [name, value] of Object.entries(values)) expect(await c.value(owner, slot, name)).toBe(value);
    const check = await runHere(['check', c.seed, '--search-multiple-owners']);
    expect(check).toMatchObject({ code: 0 });
    expect(await runHere(['fix', c.seed])).toMatchObject({ code: 0, stderr: 'Nothing to repair.\n' });
  };

  /** After it, no node owns the slot. */
  readonly uncover = async (slot: number): Promise<void> => {
    await Promise.all([0, 1, 2].map((index) => this.cluster.send(index, 'CLUSTER', 'DELSLOTS', slot)));
  };

  /** The saved copies of database 0, whose files are deleted; the other databases must have as many. */
  readonly savedCopies = (): SavedCopy[] => {
    const copies = readdirSync(this.dir).filter((name) => name.endsWith('.jsonl')).flatMap((name) => readFileSync(join(this.dir, name), 'utf8').trim().split('\n').slice(1));
    for (const name of readdirSync(this.dir)) rmSync(join(this.dir, name));
    const saved = copies.map((line) => JSON.parse(line) as SavedCopy);
    const first = saved.filter(({ database }) => database === 0);
    expect(saved.filter(({ database }) => database === currentDatabases - 1)).toHaveLength(first.length);
    expect(saved).toHaveLength(this.cluster.databases * first.length);
    return first;
  };
}

/** Starts the cluster before the tests of the current suite, stops it after them, and repairs it after a failed one. */
export function useFixFixture(): FixFixture {
  const fixture = new FixFixture();
  beforeAll(() => fixture.start());
  afterAll(() => fixture.stop());
  afterEach(async ({ task }) => {
    if (task.result?.state === 'fail') await fixture.reset();
  });
  return fixture;
}
