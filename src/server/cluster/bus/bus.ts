// The cluster bus on real sockets, a real file and a real clock: carries out the effects of the state machine (step.ts)
// and feeds it events. Not here: rules of the protocol.
import { join } from 'node:path';
import { TribError } from '../../../errors.js';
import type { Clock } from '../../runtime/clock.js';
import type { ReplicationPort } from '../../exec/ports/replication-port.js';
import type { Barrier } from '../../exec/output-gate.js';
import type { Logger } from '../../runtime/log.js';
import type { Random } from '../../runtime/random.js';
import type { ClusterSettings } from '../state/cluster-config.js';
import { ConfigFile } from './config-file.js';
import { CRON_PERIOD_MS } from '../wire/constants.js';
import type { ClusterEvent, Effect, WireEffect } from '../state/effect.js';
import { LinkSockets } from './link-sockets.js';
import { broadcastPublish } from '../rules/messages.js';
import { CorruptConfigError, formatNodesConf, parseNodesConf } from '../views/nodes-conf.js';
import { ClusterState } from '../state/state.js';
import { step } from '../rules/step.js';
import { StepContext } from '../state/step-context.js';

/** The data of database 0, by slots. */
export interface BusKeyspace {
  countKeysInSlot(slot: number): number;
  deleteSlot(slot: number): void;
  isEmpty(): boolean;
  /** Deletes everything. */
  flush(): void;
}

/** State and control of the replication link, for the cluster. */
export type BusReplication = Pick<ReplicationPort, 'offset' | 'dataAgeMs' | 'setMaster' | 'promote'>;

export interface BusOptions {
  /** Folder of nodes.conf. */
  readonly dir: string;
  /** Name of nodes.conf, relative to `dir`. */
  readonly configFile: string;
  /** Client port to announce. */
  readonly port: number;
  /** Port of the bus. */
  readonly cport: number;
  /** Addresses to listen on, as in redis.conf: `*` and `::*` are all of a family, a `-` before one makes it optional. */
  readonly bind: readonly string[];
  /** Local address of outbound connections, '' for the system's choice. */
  readonly sourceAddress?: string;
  /** Read at each use. */
  readonly settings: ClusterSettings;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  readonly keyspace: BusKeyspace;
  readonly replication: BusReplication;
  readonly hooks: BusHooks;
}

/** Calls of the bus into the rest of the node. */
export interface BusHooks {
  /** A message from another node for local subscribers. */
  published(channel: string, message: string, sharded: boolean): void;
  /** Slots ceased to be ours: their shard subscriptions end. */
  slotsLeft(slots: readonly number[]): void;
  /** Pauses writes until `until` (wall clock in ms), or resumes them. */
  pauseWrites(until: number): void;
  resumeWrites(): void;
  /** nodes.conf cannot be written: the node must end, since its votes and epochs would be forgotten (cluster-node.md 1.7). */
  fatal(error: Error): void;
  /** An unexpected exception; the bus continues. */
  fault(error: unknown): void;
}

/** The address, or its whole family, does not exist on this machine. */
function isAbsent(error: unknown): boolean {
  const code = typeof error === 'object' && error !== null && 'code' in error ? error.code : '';
  return code === 'EADDRNOTAVAIL' || code === 'EAFNOSUPPORT' || code === 'EPROTONOSUPPORT';
}

export class ClusterBus implements Barrier {
  readonly state: ClusterState;
  private readonly sockets: LinkSockets;
  private readonly wire: WireEffect[] = [];
  private pendingSave: 'no' | 'save' | 'fsync' = 'no';
  /**
   * Part of Barrier: saves requested so far, and how many of them are in nodes.conf. A reply waits for the saves requested
   * before it.
   */
  wanted = 0;
  passed = 0;
  /** Whether packets from and to a node are delivered; for tests of partitions. The connection itself stays open. */
  passes: (id: string) => boolean = () => true;
  /** nodes.conf could not be written: the node ends, and nothing is sent any more. */
  private broken = false;
  private flushScheduled = false;
  private stopCron: () => void = () => undefined;
  private closed = false;

  private constructor(
    private readonly options: BusOptions,
    private readonly file: ConfigFile,
  ) {
    this.state = this.loadState();
    this.sockets = new LinkSockets(
      {
        accepted: () => this.state.newLink(true, null, options.clock.now()),
        up: (link) => this.handleEvent({ kind: 'linkUp', link }),
        down: (link, reason) => {
          if (!link.closed) options.log.debug(`Cluster link ${link.node?.id ?? 'of an unknown peer'} down: ${reason}`);
          this.handleEvent({ kind: 'linkDown', link });
        },
        packet: (link, packet) => {
          if (!this.passes(packet.header.sender)) return;
          this.state.countReceived(packet.header.type);
          this.handleEvent({ kind: 'packet', link, packet });
        },
        invalid: (link, type, reason) => {
          this.state.countReceived(type);
          options.log.debug(`Ignored a bus packet of type ${type} from ${link.remoteIp}: ${reason}`);
        },
        nodeTimeout: () => options.settings.nodeTimeout,
      },
      options.sourceAddress ?? '',
    );
  }

  /**
   * Reads or creates nodes.conf, listens on the bus port and starts working. Throws TribError when the file is in use
   * or corrupt or a port is taken; nothing stays open then.
   */
  static async open(options: BusOptions): Promise<ClusterBus> {
    const file = ConfigFile.open(join(options.dir, options.configFile));
    let bus: ClusterBus | undefined;
    try {
      bus = new ClusterBus(options, file);
      await bus.listen();
      bus.cron();
      return bus;
    } catch (error) {
      await bus?.sockets.closeAll();
      file.release();
      throw error;
    }
  }

  private loadState(): ClusterState {
    const { settings, keyspace, random, port, cport, clock, log, replication } = this.options;
    const env = { settings, data: keyspace, random, port, cport, replOffset: () => replication.offset, dataAgeMs: () => replication.dataAgeMs };
    const text = this.file.read();
    if (text.trim() === '') {
      const state = new ClusterState(env, clock.now());
      log.notice(`No cluster configuration found, I'm ${state.myself.id}`);
      this.file.write(formatNodesConf(state), true);
      return state;
    }
    try {
      const state = parseNodesConf(text, env, clock.now());
      log.notice(`Node configuration loaded, I'm ${state.myself.id}`);
      return state;
    } catch (error) {
      if (!(error instanceof CorruptConfigError)) throw error;
      throw new TribError('CONFIG_CORRUPT', 'Unrecoverable error: corrupted cluster config file.', {
        cause: error,
        hint: `${this.file.path}: ${error.message}; restore it from a backup, or remove it to start as a new node`,
      });
    }
  }

  private async listen(): Promise<void> {
    const { bind, cport } = this.options;
    for (const word of bind) {
      const host = word.replace(/^-/, '').replace('::*', '::').replace('*', '0.0.0.0');
      try {
        await this.sockets.listen(host, cport);
      } catch (error) {
        if (word.startsWith('-') && isAbsent(error)) continue;
        throw new TribError('BUS_PORT', `Failed listening on port ${cport} (cluster), aborting.`, {
          cause: error,
          hint: `is another program using ${host}:${cport}? choose another bus port with --cluster-port`,
        });
      }
    }
  }

  private cron(): void {
    this.stopCron = this.options.clock.after(CRON_PERIOD_MS, () => {
      if (this.closed) return;
      this.cron();
      this.sockets.measure();
      this.handleEvent({ kind: 'cron' });
    });
  }

  private handleEvent(event: ClusterEvent): void {
    if (this.closed) return;
    try {
      this.carryOut(step(this.state, event, this.options.clock.now()));
    } catch (error) {
      this.options.hooks.fault(error);
    }
  }

  /**
   * Runs an operation of an administrator or of the node itself as one step; see admin/slots.ts, admin/nodes.ts and
   * admin/failover.ts.
   */
  administer<T>(operation: (context: StepContext) => T): T {
    const context = new StepContext(this.state, this.options.clock.now());
    const result = operation(context);
    this.carryOut(context.finish());
    return result;
  }

  /** Sends a published message to the subscribers of other nodes. */
  publish(channel: string, message: string, sharded: boolean): void {
    if (this.state.nodes.length > 1) this.administer((context) => broadcastPublish(context, channel, message, sharded));
  }

  private carryOut(effects: readonly Effect[]): void {
    const { log, keyspace, hooks, replication } = this.options;
    for (const effect of effects) {
      switch (effect.kind) {
        case 'log':
          log[effect.level](effect.text);
          break;
        case 'save':
          this.wanted++;
          if (effect.fsync || this.pendingSave === 'no') this.pendingSave = effect.fsync ? 'fsync' : 'save';
          break;
        case 'deleteSlotKeys':
          keyspace.deleteSlot(effect.slot);
          break;
        case 'flushData':
          keyspace.flush();
          break;
        case 'replicate':
          replication.setMaster(effect.ip, effect.port);
          break;
        case 'promote':
          replication.promote();
          break;
        case 'slotsLeft':
          hooks.slotsLeft(effect.slots);
          break;
        case 'publish':
          hooks.published(effect.channel, effect.message, effect.sharded);
          break;
        case 'pauseWrites':
          hooks.pauseWrites(effect.until);
          break;
        case 'resumeWrites':
          hooks.resumeWrites();
          break;
        case 'stateChanged':
          break; // routing reads the state itself
        default:
          this.wire.push(effect);
      }
    }
    this.scheduleFlush();
  }

  /** All effects of one event loop turn share one save; their packets are sent after it (cluster-node.md 1.7). */
  private scheduleFlush(): void {
    if (this.flushScheduled || (this.wire.length === 0 && this.pendingSave === 'no')) return;
    this.flushScheduled = true;
    setImmediate(() => this.flush());
  }

  /** Part of Barrier: a command's reply must not be sent before its changes are saved. */
  advance(): void {
    this.savePending();
  }

  /** Saves pending changes, then sends the queued packets. Cheap when there is nothing to do. */
  flush(): void {
    this.flushScheduled = false;
    if (!this.savePending()) return;
    const effects = this.wire.splice(0);
    for (const effect of effects) this.transmit(effect);
    this.sockets.forgetLast();
  }

  private transmit(effect: WireEffect): void {
    try {
      if (effect.kind === 'send' && effect.link.node !== null && !this.passes(effect.link.node.id)) return;
      if (effect.kind === 'send') this.sockets.send(effect.link, effect.packet);
      else if (effect.kind === 'close') this.sockets.close(effect.link);
      else if (!effect.link.closed) this.sockets.connect(effect.link, effect.ip, effect.cport);
    } catch (error) {
      this.options.hooks.fault(error);
    }
  }

  /** False when the file could not be written: then nothing may be sent any more. */
  private savePending(): boolean {
    if (this.broken) return false;
    if (this.pendingSave === 'no' || this.closed) return !this.closed;
    try {
      this.file.write(formatNodesConf(this.state), this.pendingSave === 'fsync');
      this.markSaved();
      return true;
    } catch (error) {
      this.broken = true;
      const failure = error instanceof Error ? error : new Error(String(error));
      this.options.log.warning(`Fatal: can't update cluster config file: ${failure.message}`);
      this.options.hooks.fatal(failure);
      return false;
    }
  }

  /** SAVECONFIG: writes nodes.conf now, to disk. Throws the system's error. */
  saveConfig(): void {
    this.file.write(formatNodesConf(this.state), true);
    this.markSaved();
  }

  private markSaved(): void {
    this.pendingSave = 'no';
    this.passed = this.wanted;
  }

  /** Unsent bytes of all links, for INFO memory. */
  get queuedBytes(): number {
    return this.sockets.queuedBytes;
  }

  /** Stops working, saves what is pending and frees ports and lock. Idempotent. */
  async close(): Promise<void> {
    if (this.closed) return;
    this.stopCron();
    this.savePending();
    this.closed = true;
    await this.sockets.closeAll();
    this.file.release();
  }
}
