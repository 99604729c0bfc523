// Keys and writers for tests that move slots: fill a cluster, hammer counters, compare the data with the acknowledged writes.
import { ClusterClient } from '../../src/client/cluster-client.js';
import type { Arg } from '../../src/client/connection.js';
import { keySlot } from '../../src/cluster/slots.js';
import type { RedisNodes } from './redis-server.js';

export function seeds(nodes: Pick<RedisNodes, 'nodes'>): { host: string; port: number }[] {
  return nodes.nodes.map(({ host, port }) => ({ host, port }));
}

/** Keys `key:0` … that fall into the given slots, at most `count`. */
export function keysInSlots(first: number, last: number, count: number): string[] {
  const keys: string[] = [];
  for (let i = 0; keys.length < count; i++) {
    const slot = keySlot(`key:${i}`);
    if (slot >= first && slot <= last) keys.push(`key:${i}`);
  }
  return keys;
}

/** Runs commands on the cluster, many at once. */
export async function fill(nodes: RedisNodes, commands: readonly (readonly Arg[])[]): Promise<void> {
  await using client = await ClusterClient.connect(seeds(nodes));
  for (let at = 0; at < commands.length; at += 1000) await Promise.all(commands.slice(at, at + 1000).map((command) => client.command(command)));
}

/** Counters that are incremented until stopped; every acknowledged INCR is remembered. */
export class Hammer {
  private stopping = false;
  readonly acknowledged = new Map<string, number>();
  /** Commands that failed, by message. */
  readonly errors: string[] = [];
  private workers: Promise<void>[] = [];

  private constructor(private readonly client: ClusterClient) {}

  static async start(nodes: Pick<RedisNodes, 'nodes'>, keys: readonly string[], workers = 8): Promise<Hammer> {
    const hammer = new Hammer(await ClusterClient.connect(seeds(nodes)));
    hammer.workers = Array.from({ length: workers }, (_, index) => hammer.work(keys.filter((_, at) => at % workers === index)));
    return hammer;
  }

  private async work(keys: readonly string[]): Promise<void> {
    for (let at = 0; !this.stopping; at = (at + 1) % keys.length) {
      const key = keys[at] ?? '';
      try {
        const value = await this.client.command(['INCR', key]);
        const expected = (this.acknowledged.get(key) ?? 0) + 1;
        if (value !== expected) this.errors.push(`${key} is ${String(value)}, not ${expected}`);
        this.acknowledged.set(key, expected);
      } catch (error) {
        this.errors.push(error instanceof Error ? error.message : String(error));
      }
    }
  }

  get writes(): number {
    return [...this.acknowledged.values()].reduce((sum, count) => sum + count, 0);
  }

  /** Stops and compares: every counter must hold exactly what was acknowledged. Returns what was wrong. */
  async finish(): Promise<string[]> {
    this.stopping = true;
    await Promise.all(this.workers);
    for (const [key, count] of this.acknowledged) {
      const value = await this.client.command(['GET', key], { repeatable: true });
      if (value !== String(count)) this.errors.push(`${key} is ${String(value)}, ${count} were acknowledged`);
    }
    this.client.close();
    return this.errors;
  }
}

/** Sum of DBSIZE over the masters given. */
export async function totalKeys(nodes: RedisNodes): Promise<number> {
  let sum = 0;
  for (const node of nodes.nodes) {
    await using link = await node.connect();
    sum += Number(await link.command(['DBSIZE']));
  }
  return sum;
}
