// Clients during the commands that change members and owners: one that starts when a command returns, and one that runs all
// the time, get no error. Every node serves by then: it replies to commands on a key or redirects to the owner, and never
// replies CLUSTERDOWN.
import { fileURLToPath } from 'node:url';
import { Cluster as IoCluster } from 'ioredis';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { ClusterClient } from '../../src/client/cluster-client.js';
import { keySlot } from '../../src/cluster/slots.js';
import { TAGS } from '../support/broken-cluster.js';
import { runCli } from '../support/cli.js';
import { describeWithServers, startClusterNodes, type RedisNodes } from '../support/redis-server.js';
import { serverBuild, type ServerName } from '../support/server-builds.js';

const BUNDLED = fileURLToPath(new URL('../../dist/bin/redis-trib-server.js', import.meta.url));
/** Keys over all slots. */
const SPREAD = TAGS.filter((_, slot) => slot % 128 === 0);
const keysOf = (user: string): string[] => SPREAD.map((tag) => `{${tag}}${user}`);
const KEYS = keysOf('raw');

interface Kind {
  readonly name: string;
  readonly server: ServerName;
  readonly bundled?: true;
}

const KINDS: readonly Kind[] = [
  { name: 'redis 7.0', server: 'redis-7.0' },
  { name: 'valkey 9.1', server: 'valkey-9.1' },
  { name: 'bundled nodes', server: 'redis-7.0', bundled: true },
];

interface Client {
  set(key: string, value: string): Promise<unknown>;
  get(key: string): Promise<unknown>;
  close(): void;
}

/** ioredis. Its limits of a second are for a machine that does nothing else. */
function freshClient(port: number, failed: (message: string) => void): Client {
  const client = new IoCluster([{ host: '127.0.0.1', port }], { retryDelayOnClusterDown: 1, maxRedirections: 16, slotsRefreshTimeout: 15_000, redisOptions: { connectTimeout: 15_000 } });
  client.on('error', (error: Error) => failed(error.message));
  return { set: (key, value) => client.set(key, value), get: (key) => client.get(key), close: () => client.disconnect() };
}

/**
 * The library's client. ioredis drops its connection to a master that CLUSTER SLOTS does not list for the moment between the loss
 * of its slots and its new role, with the commands that wait on it ("Connection is closed"), whichever server it is.
 */
async function lastingClient(port: number): Promise<Client> {
  const client = await ClusterClient.connect([{ host: '127.0.0.1', port }], { maxAttempts: 16 });
  return { set: (key, value) => client.command(['SET', key, value], { repeatable: true }), get: (key) => client.command(['GET', key], { repeatable: true }), close: () => client.close() };
}

/** Writes and reads in turn until stopped; every error is remembered. */
class Worker {
  readonly errors: string[] = [];
  commands = 0;
  private stopping = false;
  private readonly client: Client;
  private readonly done: Promise<void>;

  /** `user`: whose keys it writes, so that two workers do not meet. */
  constructor(
    private readonly user: string,
    clientOf: (failed: (message: string) => void) => Client,
  ) {
    this.client = clientOf((message) => void this.errors.push(message));
    this.done = this.work();
  }

  private async work(): Promise<void> {
    const keys = keysOf(this.user);
    for (let at = 0; !this.stopping; at++) {
      const key = keys[at % keys.length] ?? '';
      try {
        await this.client.set(key, String(at));
        const value = await this.client.get(key);
        if (value !== String(at)) this.errors.push(`${key} is ${String(value)}, not ${at}`);
        this.commands += 2;
      } catch (error) {
        this.errors.push(`${key}: ${error instanceof Error ? error.message : String(error)}`);
      }
    }
  }

  async stop(): Promise<string[]> {
    this.stopping = true;
    await this.done;
    this.client.close();
    return this.errors;
  }
}

for (const { name, server, bundled } of KINDS) {
  describeWithServers([server], `clients during the commands, on ${name}`, () => {
    let nodes: RedisNodes;
    let running: Worker | undefined;
    const at = (index: number): string => nodes.nodes[index]?.address ?? '';
    const portOf = (index: number): number => nodes.nodes[index]?.port ?? 0;

    beforeAll(async () => {
      nodes = await startClusterNodes(7, [], { build: serverBuild(server), databases: 1, ...(bundled === true ? { program: [process.execPath, BUNDLED] as const } : {}) });
    }, 60_000);
    afterAll(async () => {
      await running?.stop();
      await nodes.stop();
    });

    /** What the nodes reply at once: every key is served somewhere, and all others name an owner. */
    const serving = async (indexes: readonly number[]): Promise<string[]> => {
      const replies = await Promise.all(
        indexes.map(async (index) => {
          await using link = await nodes.nodes[index]!.connect();
          return (await link.pipeline(KEYS.map((key) => ['SET', key, 'now']))).map((reply) => (reply === 'OK' ? 'OK' : String((reply as Error).message)));
        }),
      );
      const refused = replies.flat().filter((reply) => !/^(OK|MOVED )/.test(reply));
      const unserved = KEYS.filter((_, key) => !replies.some((all) => all[key] === 'OK')).map((key) => `slot ${keySlot(key)} is served nowhere`);
      return [...refused, ...unserved];
    };
    const afterwards = async (members: readonly number[], seed: number, ...args: readonly string[]): Promise<void> => {
      const run = await runCli(args);
      const fresh = new Worker(args[0] ?? '', (failed) => freshClient(portOf(seed), failed));
      expect(run, run.stdout + run.stderr).toMatchObject({ code: 0 });
      expect(await serving(members)).toEqual([]);
      await expect.poll(() => fresh.commands, { timeout: 15_000 }).toBeGreaterThan(2 * KEYS.length);
      expect(await fresh.stop()).toEqual([]);
      expect(running?.errors ?? []).toEqual([]);
    };

    it('after create', async () => {
      await afterwards([0, 1, 2, 3, 4, 5], 2, 'create', ...[0, 1, 2, 3, 4, 5].map(at), '--replicas', '1', '--yes');
      const lasting = await lastingClient(portOf(0));
      running = new Worker('running', () => lasting);
      await expect.poll(() => running?.commands, { timeout: 15_000 }).toBeGreaterThan(2 * KEYS.length);
    });

    it('after add-node and rebalance, from the new node', async () => {
      await afterwards([0, 1, 2, 6], 6, 'add-node', at(6), at(0), '--yes');
      await afterwards([0, 1, 2, 6], 6, 'rebalance', at(0), '--use-empty-masters', '--yes');
    });

    it('after del-node --drain', async () => {
      await afterwards([0, 1, 2], 1, 'del-node', at(0), at(6), '--drain', '--yes');
    });

    it('after failover', async () => {
      const list = JSON.parse((await runCli(['nodes', at(0), '--json'])).stdout) as { nodes: { port: number; role: string; master: string | null; id: string }[] };
      const replica = list.nodes.find(({ role }) => role === 'replica');
      const promoted = nodes.nodes.findIndex(({ port }) => port === replica?.port);
      await afterwards([0, 1, 2, 3, 4, 5], promoted, 'failover', at(promoted), '--yes');
    });
  });
}
