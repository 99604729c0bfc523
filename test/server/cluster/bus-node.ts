// A cluster bus without a data server, for tests: to its peers it looks like a complete node.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '../../../src/server/runtime/clock.js';
import { meet } from '../../../src/server/cluster/admin/nodes.js';
import { addSlots } from '../../../src/server/cluster/admin/slots.js';
import { ClusterBus } from '../../../src/server/cluster/bus/bus.js';
import type { ClusterSettings } from '../../../src/server/cluster/state/cluster-config.js';
import { DEFAULT_SETTINGS } from '../../../src/server/cluster/state/cluster-config.js';
import type { NodeRecord } from '../../../src/server/cluster/state/node-record.js';
import { systemRandom } from '../../../src/server/runtime/random.js';
import { freePort } from '../../support/redis-server.js';

export type MutableSettings = { -readonly [K in keyof ClusterSettings]: ClusterSettings[K] };

/** A replication link that only records the calls of the bus. */
export class IdleReplication {
  offset = 77;
  dataAgeMs = 0;
  master: string | null = null;

  setMaster(host: string, port: number): void {
    this.master = `${host}:${port}`;
  }

  promote(): void {
    this.master = null;
  }
}

export class BusNode {
  readonly log: string[] = [];
  readonly published: string[] = [];
  readonly left: number[] = [];
  readonly pauses: string[] = [];
  /** Unexpected exceptions. */
  readonly faults: unknown[] = [];
  readonly keys = new Map<number, number>();
  readonly replication = new IdleReplication();
  bus!: ClusterBus;

  private constructor(
    readonly dir: string,
    readonly port: number,
    readonly settings: MutableSettings,
  ) {}

  static async start(settings: Partial<ClusterSettings> = {}): Promise<BusNode> {
    const dir = mkdtempSync(join(tmpdir(), 'redis-trib-bus-'));
    const node = new BusNode(dir, await freePort(), { ...DEFAULT_SETTINGS, nodeTimeout: 2000, ...settings });
    await node.open();
    return node;
  }

  async open(): Promise<void> {
    const say = (level: string) => (text: string) => void this.log.push(`${level}: ${text}`);
    this.bus = await ClusterBus.open({
      dir: this.dir,
      configFile: 'nodes.conf',
      port: this.port,
      cport: this.port + 10_000,
      bind: ['127.0.0.1'],
      settings: this.settings,
      clock: systemClock,
      random: systemRandom,
      log: { debug: say('debug'), verbose: say('verbose'), notice: say('notice'), warning: say('warning') },
      keyspace: {
        countKeysInSlot: (slot) => this.keys.get(slot) ?? 0,
        deleteSlot: (slot) => void this.keys.delete(slot),
        isEmpty: () => this.keys.size === 0,
        flush: () => this.keys.clear(),
      },
      replication: this.replication,
      hooks: {
        published: (channel, message, sharded) => void this.published.push(`${sharded ? 's' : ''}${channel}=${message}`),
        slotsLeft: (slots) => void this.left.push(...slots),
        pauseWrites: () => void this.pauses.push('pause'),
        resumeWrites: () => void this.pauses.push('resume'),
        fault: (error) => void this.faults.push(error),
        fatal: (error) => void this.log.push(`fatal: ${error.message}`),
      },
    });
  }

  get id(): string {
    return this.bus.state.myself.id;
  }

  meet(port: number): void {
    if (!this.bus.administer((context) => meet(context, '127.0.0.1', port))) throw new Error('refused to meet');
  }

  addSlots(from: number, to: number): void {
    const refused = this.bus.administer((context) => addSlots(context, Array.from({ length: to - from + 1 }, (_, i) => from + i)));
    if (refused !== null) throw new Error(refused);
  }

  /** Our record of the node on a port. */
  view(port: number): NodeRecord | undefined {
    return this.bus.state.nodes.find((node) => node.port === port && !node.inHandshake);
  }

  async stop(): Promise<void> {
    await this.bus.close();
    rmSync(this.dir, { recursive: true, force: true });
  }
}
