// A client of a whole cluster, for load and consistency tools: routes by slot, follows redirects, retries transient errors.
// Never repeats a write that a server may have executed. Not here: administration (admin.ts, apply/).
import type { Address } from '../cluster/address.js';
import { formatAddress } from '../cluster/address.js';
import { keySlot } from '../cluster/slots.js';
import { ExitCode, TribError } from '../errors.js';
import type { Arg } from '../resp/command.js';
import type { Reply } from '../resp/reply.js';
import { ReplyError } from '../resp/reply.js';
import type { ConnectionOptions } from './connection.js';
import { Connection } from './connection.js';
import { ConnectionLost } from './connection-errors.js';
import type { NodeCredentials } from './migrate-command.js';
import type { ClusterAccess } from './node-credentials.js';
import { credentialsFor } from './node-credentials.js';
import { aborted } from './socket.js';
import { SlotMap, parseRedirect } from './slot-map.js';

export interface ClusterClientOptions extends Omit<ConnectionOptions, 'host' | 'port' | keyof NodeCredentials>, ClusterAccess {
  /** Redirects and retries per command; default 64. */
  readonly maxAttempts?: number;
  /** Milliseconds one command may take with all its retries; default 15000. */
  readonly deadlineMs?: number;
  /** Maps announced addresses to the ones to connect to. */
  readonly addressMap?: (announced: Address) => Address;
}

export interface ClusterCommandOptions {
  /** Key that determines the slot; default the command's second word. null: any master. */
  readonly key?: string | null;
  /** The command may run twice (reads): repeated even when the connection broke. */
  readonly repeatable?: boolean;
  readonly signal?: AbortSignal;
  /** Milliseconds for this command, instead of the client's. */
  readonly deadlineMs?: number;
}

/** A command without a reply from the cluster. `executed`: 'no' = certainly not run, 'unknown' = a server may have run it. */
export class ClusterCommandError extends TribError {
  constructor(
    code: string,
    message: string,
    readonly executed: 'no' | 'unknown',
    cause?: unknown,
  ) {
    super(code, message, { exitCode: ExitCode.unreachable, cause });
    this.name = 'ClusterCommandError';
  }
}

const TRANSIENT = new Set(['TRYAGAIN', 'CLUSTERDOWN', 'LOADING', 'MASTERDOWN', 'READONLY', 'BUSY']);

interface Attempt {
  readonly args: readonly Arg[];
  readonly slot: number | undefined;
  readonly options: ClusterCommandOptions;
  address: Address | undefined;
  asking: boolean;
}

/** Waits for a shared promise until the deadline of one command. */
async function within<T>(shared: Promise<T>, deadline: number, signal: AbortSignal | undefined): Promise<T> {
  let clear = (): void => undefined;
  const over = new Promise<never>((_, reject) => {
    const stop = (): void => reject(signal?.aborted === true ? aborted(signal) : new TribError('TIMEOUT', 'no node replied in time', { exitCode: ExitCode.unreachable }));
    const timer = setTimeout(stop, Math.max(1, deadline - Date.now()));
    signal?.addEventListener('abort', stop, { once: true });
    clear = () => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', stop);
    };
  });
  return Promise.race([shared, over]).finally(clear);
}

export class ClusterClient {
  private readonly map = new SlotMap();
  private readonly connections = new Map<string, Promise<Connection>>();
  /** The connections that are established. */
  private readonly opened = new Map<string, Connection>();
  private refreshing: Promise<void> | undefined;
  private closed = false;
  private turn = 0;

  private constructor(
    private readonly seeds: readonly Address[],
    private readonly options: ClusterClientOptions,
  ) {}

  /** Loads the slot map from the first seed that replies; throws as Connection.connect when none does. */
  static async connect(seeds: readonly Address[], options: ClusterClientOptions = {}): Promise<ClusterClient> {
    const client = new ClusterClient(seeds, options);
    try {
      await client.refresh();
    } catch (error) {
      client.close();
      throw error;
    }
    return client;
  }

  /** Address of the master that serves a key, as far as known. */
  ownerOf(key: string): Address | undefined {
    return this.map.owner(keySlot(key));
  }

  /**
   * Runs one command on the owner of its key. Rejects with ReplyError for an error reply (not executed), and with
   * ClusterCommandError when there was no reply: see its `executed`.
   */
  async command(args: readonly Arg[], options: ClusterCommandOptions = {}): Promise<Reply> {
    const key = options.key === undefined ? args[1] : options.key;
    const slot = key === null || key === undefined ? undefined : keySlot(Buffer.isBuffer(key) ? key.toString('latin1') : String(key));
    const attempt: Attempt = { args, slot, options, address: undefined, asking: false };
    const deadline = Date.now() + (options.deadlineMs ?? this.options.deadlineMs ?? 15_000);
    let last: unknown;
    for (let tries = 0; tries < (this.options.maxAttempts ?? 64) && Date.now() <= deadline; tries++) {
      if (this.closed || options.signal?.aborted === true) throw aborted(options.signal);
      const outcome = await this.once(attempt, deadline);
      if (outcome.done) return outcome.reply;
      last = outcome.error;
      if (outcome.pause) await new Promise((resolve) => setTimeout(resolve, Math.min(5 * 2 ** Math.min(tries, 6), 250)));
    }
    const text = last instanceof Error ? last.message : 'no answer';
    throw new ClusterCommandError('NO_ANSWER', `The cluster did not serve ${String(args[0])} in time: ${text}`, 'no', last);
  }

  /** Reads the slot map again; concurrent callers share one read. */
  refresh(): Promise<void> {
    this.refreshing ??= this.loadMap().finally(() => (this.refreshing = undefined));
    return this.refreshing;
  }

  close(): void {
    this.closed = true;
    for (const opening of this.connections.values()) opening.then((connection) => connection.close(), () => undefined);
    this.connections.clear();
    this.opened.clear();
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.close();
    return Promise.resolve();
  }

  private async once(attempt: Attempt, deadline: number): Promise<{ done: true; reply: Reply } | { done: false; error: unknown; pause: boolean }> {
    const address = attempt.address ?? this.pick(attempt.slot);
    if (address === undefined) {
      await within(this.refresh(), deadline, attempt.options.signal).catch(() => undefined);
      return { done: false, error: new TribError('UNCOVERED', `no node serves slot ${attempt.slot ?? 'any'}`), pause: true };
    }
    try {
      const connection = this.opened.get(this.reachableName(address)) ?? (await within(this.connection(address), deadline, attempt.options.signal));
      const timeoutMs = Math.max(1, deadline - Date.now());
      const commands = attempt.asking ? [['ASKING'], attempt.args] : [attempt.args];
      const replies = await connection.pipeline(commands, attempt.options.signal ? { timeoutMs, signal: attempt.options.signal } : { timeoutMs });
      const reply = replies[replies.length - 1] ?? null;
      if (!(reply instanceof ReplyError)) return { done: true, reply };
      return this.afterErrorReply(attempt, reply, address);
    } catch (error) {
      return this.afterFailure(attempt, error, address, deadline);
    }
  }

  private afterErrorReply(attempt: Attempt, error: ReplyError, from: Address): { done: false; error: unknown; pause: boolean } {
    const redirect = parseRedirect(error.message, from);
    attempt.asking = false;
    if (redirect?.kind === 'ASK') {
      attempt.address = redirect.address;
      attempt.asking = true;
      return { done: false, error, pause: false };
    }
    attempt.address = undefined;
    if (redirect !== undefined) {
      this.map.set(redirect.slot, redirect.address);
      // Redirected to the node just asked: the nodes do not agree yet.
      return { done: false, error, pause: formatAddress(redirect.address) === formatAddress(from) };
    }
    if (!TRANSIENT.has(error.code)) throw error;
    if (error.code !== 'TRYAGAIN') void this.refresh().catch(() => undefined);
    return { done: false, error, pause: true };
  }

  private async afterFailure(attempt: Attempt, error: unknown, address: Address, deadline: number): Promise<{ done: false; error: unknown; pause: boolean }> {
    if (error instanceof ReplyError) throw error;
    if (error instanceof ConnectionLost && error.executed === 'unknown' && attempt.options.repeatable !== true) {
      throw new ClusterCommandError('UNKNOWN_OUTCOME', `${String(attempt.args[0])} was sent to ${formatAddress(address)}, but no reply arrived: ${error.message}`, 'unknown', error);
    }
    if (error instanceof TribError && error.code === 'ABORTED') {
      throw new ClusterCommandError('ABORTED', 'Interrupted while a command was in progress', attempt.options.repeatable === true ? 'no' : 'unknown', error);
    }
    attempt.address = undefined;
    attempt.asking = false;
    await within(this.refresh(), deadline, attempt.options.signal).catch(() => undefined);
    return { done: false, error, pause: true };
  }

  private pick(slot: number | undefined): Address | undefined {
    if (slot !== undefined) return this.map.owner(slot);
    const masters = this.map.masters();
    return masters[this.turn++ % Math.max(1, masters.length)];
  }

  private reachableName(announced: Address): string {
    return formatAddress(this.options.addressMap?.(announced) ?? announced);
  }

  private connection(announced: Address): Promise<Connection> {
    const address = this.options.addressMap?.(announced) ?? announced;
    const key = this.reachableName(announced);
    const known = this.connections.get(key);
    if (known !== undefined) return known;
    const opening = this.connect(address, announced);
    this.connections.set(key, opening);
    const forget = (): void => {
      if (this.connections.get(key) !== opening) return;
      this.connections.delete(key);
      this.opened.delete(key);
    };
    opening.then((connection) => {
      connection.onClose = forget;
      if (this.closed) connection.close();
      if (connection.isOpen) this.opened.set(key, connection);
      else forget();
    }, forget);
    return opening;
  }

  private async connect(address: Address, announced: Address): Promise<Connection> {
    const { username: _user, password: _password, origin: _origin, ...rest } = this.options;
    return Connection.connect({ ...rest, ...(await credentialsFor(this.options, [address, announced])), ...address });
  }

  private async loadMap(): Promise<void> {
    const candidates = [...this.map.masters(), ...this.seeds];
    let first: unknown;
    for (const address of candidates) {
      try {
        const connection = await this.connection(address);
        const reply = await connection.command(['CLUSTER', 'SLOTS'], { timeoutMs: Math.min(5000, this.options.commandTimeoutMs || 5000) });
        this.map.load(reply, address);
        return;
      } catch (error) {
        first ??= error;
      }
    }
    throw first ?? new TribError('NO_SEED', 'No node address given', { exitCode: ExitCode.usage });
  }
}
