// Writers that count a write only when a replica has it (WAIT 1), for tests in which masters are killed: none of these may be
// missing afterwards. Every member of the sets is unique, so that repeated and lost writes are detected.
import { ClusterClient } from '../../src/client/cluster-client.js';
import { Connection } from '../../src/client/connection.js';

const RETRY_MS = 20;
/** Between two writes: the load must not decide how fast an election is. */
const PAUSE_MS = 2;
const WAIT_MS = 500;

export class SafeWrites {
  private stopping = false;
  private readonly safe = new Map<string, string[]>();
  private workers: Promise<void>[] = [];
  private serial = 0;

  private constructor(private readonly client: ClusterClient) {}

  static async start(seeds: readonly { host: string; port: number }[], keys: readonly string[], workers = 4): Promise<SafeWrites> {
    const writes = new SafeWrites(await ClusterClient.connect(seeds));
    writes.workers = Array.from({ length: workers }, (_, index) => writes.work(keys.filter((_key, at) => at % workers === index)));
    return writes;
  }

  private async work(keys: readonly string[]): Promise<void> {
    const links = new Map<string, Connection>();
    for (let at = 0; !this.stopping; at = (at + 1) % keys.length) {
      const key = keys[at] ?? '';
      const written = await this.write(links, key).catch(() => false);
      await new Promise((resolve) => setTimeout(resolve, written ? PAUSE_MS : RETRY_MS));
      if (!written) await this.client.refresh().catch(() => undefined);
    }
    for (const link of links.values()) link.close();
  }

  /** True when the master and a replica have it. WAIT covers the writes of its own connection. */
  private async write(links: Map<string, Connection>, key: string): Promise<boolean> {
    const owner = this.client.ownerOf(key);
    if (owner === undefined) return false;
    const name = `${owner.host}:${owner.port}`;
    const link = links.get(name) ?? (await Connection.connect({ ...owner, connectTimeoutMs: 500, commandTimeoutMs: 2000 }));
    links.set(name, link);
    const member = String(this.serial++);
    try {
      const [added, copies] = await link.pipeline([['SADD', key, member], ['WAIT', 1, WAIT_MS]]);
      if (added !== 1 || typeof copies !== 'number' || copies < 1) return false;
    } catch (error) {
      link.close();
      links.delete(name);
      throw error;
    }
    const members = this.safe.get(key) ?? [];
    members.push(member);
    this.safe.set(key, members);
    return true;
  }

  get count(): number {
    let sum = 0;
    for (const members of this.safe.values()) sum += members.length;
    return sum;
  }

  /** Stops, and returns the safe writes that are missing, as `key member`. */
  async finish(): Promise<string[]> {
    this.stopping = true;
    await Promise.all(this.workers);
    const missing: string[] = [];
    for (const [key, members] of this.safe) {
      const there = await this.client.command(['SMISMEMBER', key, ...members], { repeatable: true });
      if (!Array.isArray(there)) throw new Error(`SMISMEMBER ${key}: ${String(there)}`);
      members.forEach((member, i) => {
        if (there[i] !== 1) missing.push(`${key} ${member}`);
      });
    }
    this.client.close();
    return missing;
  }
}
