// Administrative commands of one node, typed: one method per command, nothing retried, ReplyError passes through. Not here:
// sequences of commands (apply/), MIGRATE (migrate-command.ts).
import type { NodeLine } from '../cluster/nodes-text.js';
import { parseNodesText } from '../cluster/nodes-text.js';
import type { SlotSet } from '../cluster/slot-set.js';
import type { Reply } from '../resp/reply.js';
import type { Connection, RequestOptions } from './connection.js';
import { ConnectionLost } from './connection-errors.js';
import { asArray, asInteger, asString, asStrings, parseInfo } from './read-reply.js';

/** Arguments of CLUSTER SETSLOT. */
export type SlotState = 'MIGRATING' | 'IMPORTING' | 'NODE' | 'STABLE';

/** The words of CLUSTER SETSLOT, for pipelines. */
export function setSlotCommand(slot: number, state: SlotState, nodeId?: string): string[] {
  return ['CLUSTER', 'SETSLOT', String(slot), state, ...(nodeId === undefined ? [] : [nodeId])];
}

export class Admin {
  constructor(
    readonly connection: Connection,
    private readonly defaults: RequestOptions = {},
  ) {}

  private send(...args: (string | number)[]): Promise<Reply> {
    return this.connection.command(args, this.defaults);
  }

  /** INFO (or one section) as a map of its fields. */
  async info(section?: string): Promise<Map<string, string>> {
    return parseInfo(asString(await this.send('INFO', ...(section === undefined ? [] : [section]))));
  }

  async clusterNodes(): Promise<NodeLine[]> {
    return parseNodesText(asString(await this.send('CLUSTER', 'NODES')));
  }

  async clusterInfo(): Promise<Map<string, string>> {
    return parseInfo(asString(await this.send('CLUSTER', 'INFO')));
  }

  async myId(): Promise<string> {
    return asString(await this.send('CLUSTER', 'MYID'));
  }

  async dbSize(): Promise<number> {
    return asInteger(await this.send('DBSIZE'));
  }

  /** ADDSLOTS with single slots, which every version understands. */
  async addSlots(slots: SlotSet): Promise<void> {
    await this.send('CLUSTER', 'ADDSLOTS', ...slots);
  }

  async delSlots(slots: SlotSet): Promise<void> {
    await this.send('CLUSTER', 'DELSLOTS', ...slots);
  }

  /** `nodeId` for all states except STABLE. */
  async setSlot(slot: number, state: SlotState, nodeId?: string): Promise<void> {
    await this.send(...setSlotCommand(slot, state, nodeId));
  }

  async countKeysInSlot(slot: number): Promise<number> {
    return asInteger(await this.send('CLUSTER', 'COUNTKEYSINSLOT', slot));
  }

  /** Key counts of many slots in one write; same order. */
  async countKeysInSlots(slots: readonly number[]): Promise<number[]> {
    const replies = await this.connection.pipeline(slots.map((slot) => ['CLUSTER', 'COUNTKEYSINSLOT', slot]), this.defaults);
    return replies.map(asInteger);
  }

  async getKeysInSlot(slot: number, count: number): Promise<string[]> {
    return asStrings(await this.send('CLUSTER', 'GETKEYSINSLOT', slot, count));
  }

  /** The bus port is sent only when it is not port + 10000: servers before 4.0 accept no third argument. */
  async meet(host: string, port: number, busPort = port + 10_000): Promise<void> {
    await this.send('CLUSTER', 'MEET', host, port, ...(busPort === port + 10_000 ? [] : [busPort]));
  }

  async forget(nodeId: string): Promise<void> {
    await this.send('CLUSTER', 'FORGET', nodeId);
  }

  async replicate(masterId: string): Promise<void> {
    await this.send('CLUSTER', 'REPLICATE', masterId);
  }

  async reset(mode: 'SOFT' | 'HARD' = 'SOFT'): Promise<void> {
    await this.send('CLUSTER', 'RESET', mode);
  }

  async setConfigEpoch(epoch: number): Promise<void> {
    await this.send('CLUSTER', 'SET-CONFIG-EPOCH', epoch);
  }

  async bumpEpoch(): Promise<void> {
    await this.send('CLUSTER', 'BUMPEPOCH');
  }

  async failover(mode?: 'FORCE' | 'TAKEOVER'): Promise<void> {
    await this.send('CLUSTER', 'FAILOVER', ...(mode === undefined ? [] : [mode]));
  }

  async configSet(name: string, value: string | number): Promise<void> {
    await this.send('CONFIG', 'SET', name, value);
  }

  async configRewrite(): Promise<void> {
    await this.send('CONFIG', 'REWRITE');
  }

  /** One parameter; undefined when the server does not know it. */
  async configGet(name: string): Promise<string | undefined> {
    const reply = await this.send('CONFIG', 'GET', name);
    if (reply instanceof Map) return [...reply.values()].map(asString)[0];
    const [, value] = asArray(reply);
    return value === undefined ? undefined : asString(value);
  }

  /** The libraries of this node as an opaque payload (7.0+; older servers reply with an error). */
  async functionDump(): Promise<string> {
    return asString(await this.send('FUNCTION', 'DUMP'));
  }

  /** Refused when a library of the same name exists. */
  async functionRestore(payload: string): Promise<void> {
    await this.send('FUNCTION', 'RESTORE', payload);
  }

  /** Number of function libraries on the node. */
  async functionCount(): Promise<number> {
    return asArray(await this.send('FUNCTION', 'LIST')).length;
  }

  async functionFlush(): Promise<void> {
    await this.send('FUNCTION', 'FLUSH');
  }

  async flushAll(): Promise<void> {
    await this.send('FLUSHALL');
  }

  /** Stops the server; the closed connection is the reply. Rejects with the server's refusal. */
  async shutdown(): Promise<void> {
    try {
      await this.send('SHUTDOWN');
    } catch (error) {
      if (!(error instanceof ConnectionLost) || error.code === 'TIMEOUT') throw error;
    }
  }
}
