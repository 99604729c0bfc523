// From a request to its reply, for all origins: clients, EXEC's queue, the link to a master, the append-only file. Finds the
// command, asks the gates (gates.ts), queues or runs it, and passes on its effects (effects.ts).
import { ErrorReply, QUEUED } from '../../resp/server-reply.js';
import type { ServerReply } from '../../resp/server-reply.js';
import type { Client } from './client.js';
import type { Command } from './command.js';
import type { CommandResult } from './command-of.js';
import type { NodeServices } from './context.js';
import { notSupported, unknownCommand, unknownSubcommand, wrongArity } from '../errors.js';
import { findKeys } from './keys.js';
import { isQueued, passesAtOnce, refusalOf } from './gates.js';
import type { ServedClient } from './served-client.js';

/** Maximum characters of a request's name that are logged. */
const MAX_SHOWN = 128;

/** Strings, arrays, maps, buffers and the stack have limits in JavaScript that Redis does not have. */
const isRuntimeLimit = (error: unknown): boolean =>
  error instanceof RangeError || (typeof error === 'object' && error !== null && 'code' in error && error.code === 'ERR_STRING_TOO_LONG');

export class Executor {
  /** Time at which the previous command of this batch ended, used as the start of the next one; NaN outside batches. */
  private stamp = NaN;

  constructor(private readonly node: NodeServices) {}

  /** The requests until endBatch follow each other directly, so one clock reading between two of them is enough. */
  beginBatch(): void {
    this.stamp = this.node.clock.monotonic();
  }

  endBatch(): void {
    this.stamp = NaN;
  }

  /** Executes one request of a client. The reply is queued on the client, now or later. Never throws. */
  execute(client: ServedClient, args: readonly string[]): void {
    try {
      if (client.origin === 'client') this.take(client, args);
      else this.takeReplicated(client, args);
    } catch (error) {
      // It is unknown whether a reply was queued, so later replies might answer the wrong requests: the connection must close.
      this.node.fault(`request ${args[0]!.slice(0, MAX_SHOWN)}`, error);
      client.close(true);
    }
  }

  /** As take, for a master's stream or the append-only file. Expiry is ignored, because they contain explicit deletions. */
  private takeReplicated(client: ServedClient, args: readonly string[]): void {
    const { keyspace } = this.node;
    keyspace.expiryIgnored = true;
    try {
      this.take(client, args);
    } finally {
      keyspace.expiryIgnored = false;
    }
  }

  private take(client: ServedClient, args: readonly string[]): void {
    const command = this.lookup(args);
    if (command instanceof ErrorReply) return this.reject(client, null, command, args[0]!.toLowerCase() === 'exec');
    client.lastCommand = command.fullName;
    const refusal = passesAtOnce(client, command, args) ? null : refusalOf({ origin: client.origin, client, command, args });
    if (refusal !== null) return this.reject(client, command, refusal, command.fullName === 'exec');
    if ((this.node.pause.active || this.node.locks.size > 0) && client.origin === 'client' && client.role === 'normal' && this.mustWait(client, command, args)) return;
    if (isQueued(client, command)) {
      client.transaction!.queue.push({ command, args, run: () => this.runQueued(client, command, args) });
      return client.reply(QUEUED);
    }
    const { tracking, blocking } = this.node;
    if (tracking.active) tracking.begin(client);
    this.call(client, command, args);
    if (blocking.pending) blocking.serve();
    if (tracking.active) tracking.end(client, command);
  }

  /** The command, if it exists and the arity is right. */
  private lookup(args: readonly string[]): Command | ErrorReply {
    let command = this.node.commands.find(args[0]!);
    if (command === undefined) return this.node.commands.lacks(args[0]!) ? notSupported(args[0]!) : unknownCommand(args);
    if (command.subcommands !== null && args.length > 1) {
      const sub = command.subcommands.get(args[1]!.toLowerCase());
      if (sub === undefined) return unknownSubcommand(command.fullName, args[1]!);
      command = sub;
    }
    return command.accepts(args.length) ? command : wrongArity(command.fullName);
  }

  /** Counts a refused request and replies to the client; marks an open transaction as broken, or ends it for EXEC. */
  private reject(client: Client, command: Command | null, error: ErrorReply, isExec: boolean): void {
    if (client.transaction === null) client.asking = false;
    if (command) command.stats.rejected++;
    this.node.stats.countError(error.code);
    if (isExec) {
      this.abort(client);
      const text = error.text.replace(/^ERR /, '');
      const redirected = /^(MOVED|ASK|TRYAGAIN|CROSSSLOT|CLUSTERDOWN)/.test(text);
      return client.reply(redirected ? error : new ErrorReply(`EXECABORT Transaction discarded because of: ${error.text.replace(/^ERR /, '')}`));
    }
    if (client.transaction) client.transaction.broken = true;
    client.reply(error);
  }

  private abort(client: Client): void {
    client.transaction = null;
    client.unwatchAll();
  }

  /** Suspends the request if clients are paused or a key it writes is locked; it is resumed automatically. */
  private mustWait(client: ServedClient, command: Command, args: readonly string[]): boolean {
    const { pause, locks } = this.node;
    const queueing = isQueued(client, command);
    const queue = command.fullName === 'exec' ? (client.transaction?.queue ?? []) : [];
    const writes = command.write || queue.some((queued) => queued.command.write);
    const retry = (): void => {
      client.suspended = false;
      if (!client.closing) this.execute(client, args);
      if (!client.suspended) client.onResume();
    };
    if (pause.holds(command, writes)) {
      client.suspend();
      pause.hold(retry);
      return true;
    }
    // A pause of writes applies to queued writes too; a locked key delays EXEC, but not the queueing before it.
    if (queueing || !writes || !this.touchesLocked(client, command, args)) return false;
    client.suspend();
    locks.onRelease(retry);
    return true;
  }

  private touchesLocked(client: Client, command: Command, args: readonly string[]): boolean {
    const { locks } = this.node;
    if (locks.size === 0) return false;
    const requests = command.fullName === 'exec' ? client.transaction!.queue : [{ command, args }];
    return requests.some(({ command: one, args: words }) => {
      if (!one.write) return false;
      if (!one.hasKeys) return true;
      return findKeys(one, words).some(({ index }) => locks.isLocked(client.dbIndex, words[index]!));
    });
  }

  private call(client: ServedClient, command: Command, args: readonly string[]): void {
    const result = this.node.effects.active ? this.invokeCollecting(client, command, args) : this.invoke(client, command, args);
    if (result instanceof Promise) {
      this.awaitReply(client, command, result);
      return;
    }
    if (!client.executing && client.asking && command.fullName !== 'asking' && client.transaction === null) client.asking = false;
    client.reply(result);
  }

  /** An outermost call with sinks: its effects form one unit. */
  private invokeCollecting(client: ServedClient, command: Command, args: readonly string[]): CommandResult {
    const { effects } = this.node;
    effects.callBegan();
    const result = this.invoke(client, command, args);
    effects.callEnded(command.scattersEffects);
    client.streamOffset = this.node.replication.offset;
    return result;
  }

  /** Runs a handler; an exception becomes its reply. */
  private invoke(client: ServedClient, command: Command, args: readonly string[]): CommandResult {
    const { node } = this;
    const { stats } = command;
    const batched = !Number.isNaN(this.stamp);
    const started = batched ? this.stamp : node.clock.monotonic();
    const { keyspace, effects } = node;
    const { dirty } = keyspace;
    if (keyspace.barrier.active) keyspace.barrier.begin();
    let result: CommandResult;
    try {
      result = command.spec.run!(client, args);
    } catch (error) {
      result = this.failure(command, error);
    }
    if (effects.active) effects.commandEnded(client.dbIndex, args, keyspace.dirty > dirty);
    const ended = node.clock.monotonic();
    if (batched) this.stamp = ended;
    const elapsed = ended - started;
    stats.microseconds += elapsed * 1000;
    if (elapsed >= node.slowlog.threshold) node.slowlog.note(client, command, args, elapsed);
    if (elapsed >= node.latency.threshold) node.latency.note(command.spec.flags.includes('fast') ? 'fast-command' : 'command', elapsed);
    if (node.monitors.size > 0) node.monitors.feed(client, command, args);
    stats.calls++;
    node.stats.commandsProcessed++;
    if (client.tracking !== null && command.readonly) node.tracking.remember(client, command, args);
    if (result instanceof ErrorReply) {
      stats.failed++;
      node.stats.countError(result.code);
    }
    return result;
  }

  private failure(command: Command, error: unknown): ErrorReply {
    if (error instanceof ErrorReply) return error;
    this.node.fault(command.fullName, error);
    if (isRuntimeLimit(error)) return new ErrorReply(`ERR Insufficient memory, '${command.fullName}' needs more than this node can hold at once`);
    return new ErrorReply(`ERR internal error in '${command.fullName}', see the node's log`);
  }

  private awaitReply(client: Client, command: Command, pending: Promise<ServerReply>): void {
    client.suspend();
    const finish = (reply: ServerReply): void => {
      client.asking = false;
      client.reply(reply);
      if (this.node.blocking.pending) this.node.blocking.serve();
      client.resume();
    };
    pending.then(finish, (error: unknown) => finish(this.failure(command, error)));
  }

  /** One queued command inside EXEC. */
  private runQueued(client: ServedClient, command: Command, args: readonly string[]): ServerReply {
    const result = this.invoke(client, command, args);
    if (!(result instanceof Promise)) return result;
    result.catch(() => {});
    return new ErrorReply(`ERR ${command.fullName.toUpperCase()} cannot run inside a transaction on this node`);
  }
}

