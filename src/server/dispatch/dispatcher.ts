// From a request to its reply: the gates of DESIGN in Redis's order, then the run. Each gate is a small function that
// answers an error or lets pass.
import { ErrorReply, QUEUED } from '../../resp/server-reply.js';
import type { ServerReply } from '../../resp/server-reply.js';
import type { Client } from './client.js';
import type { Command } from './command.js';
import type { CommandResult } from './command-of.js';
import type { NodeServices } from './context.js';
import { NOAUTH, OOM, unknownCommand, unknownSubcommand, wrongArity } from './errors.js';
import { findKeys } from './keys.js';
import { errorForRoute } from './routing.js';
import type { ServedClient } from './served-client.js';

/** Run at once although a transaction is open. */
const IMMEDIATE = new Set(['exec', 'discard', 'multi', 'watch', 'quit', 'reset']);
/** What a RESP2 connection in subscribed mode may say. */
const WHILE_SUBSCRIBED = new Set([
  'ping', 'subscribe', 'ssubscribe', 'unsubscribe', 'sunsubscribe', 'psubscribe', 'punsubscribe', 'quit', 'reset',
]);
const NOT_IN_MULTI = new ErrorReply('ERR Command not allowed inside a transaction');

export class Dispatcher {
  /** When the previous command of this batch ended, which is when the next one begins; NaN outside batches. */
  private stamp = NaN;

  constructor(private readonly node: NodeServices) {}

  /** The requests until endBatch follow each other without pause: one look at the clock between two of them is enough. */
  beginBatch(): void {
    this.stamp = this.node.clock.monotonic();
  }

  endBatch(): void {
    this.stamp = NaN;
  }

  /** Takes one request of a client. The reply is queued on the client, now or later. */
  execute(client: ServedClient, args: readonly string[]): void {
    const command = this.lookup(args);
    if (command instanceof ErrorReply) return this.reject(client, null, command, args[0]!.toLowerCase() === 'exec');
    client.lastCommand = command.fullName;
    const refusal = this.refusal(client, command, args);
    if (refusal !== null) return this.reject(client, command, refusal, command.fullName === 'exec');
    if (this.mustWait(client, command, args)) return;
    if (client.transaction !== null && !IMMEDIATE.has(command.fullName)) {
      client.transaction.queue.push({ command, args, run: () => this.runQueued(client, command, args) });
      return client.reply(QUEUED);
    }
    const { tracking, blocking } = this.node;
    if (tracking.active) tracking.begin(client);
    this.call(client, command, args);
    if (blocking.pending) blocking.serve();
    if (tracking.active) tracking.end(client, command);
  }

  /** Known and of the right arity. */
  private lookup(args: readonly string[]): Command | ErrorReply {
    let command = this.node.commands.find(args[0]!);
    if (command === undefined) return unknownCommand(args);
    if (command.subcommands !== null && args.length > 1) {
      const sub = command.subcommands.get(args[1]!.toLowerCase());
      if (sub === undefined) return unknownSubcommand(command.fullName, args[1]!);
      command = sub;
    }
    return command.accepts(args.length) ? command : wrongArity(command.fullName);
  }

  private refusal(client: Client, command: Command, args: readonly string[]): ErrorReply | null {
    if (!client.authenticated && !command.noAuth) return NOAUTH;
    if (client.transaction !== null && command.noMulti) return NOT_IN_MULTI;
    if (this.node.cluster !== null) {
      const elsewhere = errorForRoute(this.node.cluster, client, command, args);
      if (elsewhere !== null) return elsewhere;
    }
    if (this.node.memory.full && this.refusedByMemory(client, command)) return OOM;
    if (client.protocol === 2 && client.subscriptions > 0 && !WHILE_SUBSCRIBED.has(command.fullName)) {
      return new ErrorReply(
        `ERR Can't execute '${command.fullName}': only (P|S)SUBSCRIBE / (P|S)UNSUBSCRIBE / PING / QUIT / RESET are allowed in this context`,
      );
    }
    return null;
  }

  private refusedByMemory(client: Client, command: Command): boolean {
    if (command.denyOom) return true;
    if (client.transaction === null) return false;
    if (command.fullName === 'exec') return client.transaction.queue.some((queued) => queued.command.denyOom);
    return !IMMEDIATE.has(command.fullName);
  }

  /** Counts a refused request and tells the client; an open transaction is spoiled by it, or ended when it is EXEC's. */
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

  /** Holds the request back while clients are paused or a key it writes is in flight; it is taken up again by itself. */
  private mustWait(client: ServedClient, command: Command, args: readonly string[]): boolean {
    const { pause, locks } = this.node;
    if (!pause.active && locks.size === 0) return false;
    const queueing = client.transaction !== null && !IMMEDIATE.has(command.fullName);
    const queue = command.fullName === 'exec' ? (client.transaction?.queue ?? []) : [];
    const writes = command.write || queue.some((queued) => queued.command.write);
    const again = (): void => {
      client.suspended = false;
      if (!client.closing) this.execute(client, args);
      if (!client.suspended) client.onResume();
    };
    if (pause.holds(command, writes)) {
      client.suspend();
      pause.hold(again);
      return true;
    }
    // A paused server holds writes back when they are queued, too; a key in flight matters to EXEC only.
    if (queueing || !writes || !this.touchesLocked(client, command, args)) return false;
    client.suspend();
    locks.onRelease(again);
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
    const { node } = this;
    if (node.monitors.size > 0 && !command.spec.flags.includes('skip_monitor')) node.monitors.feed(client, args);
    const result = this.invoke(client, command, args);
    if (result instanceof Promise) {
      this.awaitReply(client, command, result);
      return;
    }
    if (!client.executing && client.asking && command.fullName !== 'asking' && client.transaction === null) client.asking = false;
    client.reply(result);
  }

  /** Runs a handler; what it throws becomes its reply. */
  private invoke(client: ServedClient, command: Command, args: readonly string[]): CommandResult {
    const { node } = this;
    const { stats } = command;
    const batched = !Number.isNaN(this.stamp);
    const started = batched ? this.stamp : node.clock.monotonic();
    let result: CommandResult;
    try {
      result = command.spec.run!(client, args);
    } catch (error) {
      result = this.failure(command, error);
    }
    const ended = node.clock.monotonic();
    if (batched) this.stamp = ended;
    const elapsed = ended - started;
    stats.microseconds += elapsed * 1000;
    if (elapsed >= node.slowlog.threshold) node.slowlog.note(client, command, args, elapsed);
    if (elapsed >= node.latency.threshold) node.latency.note(command.spec.flags.includes('fast') ? 'fast-command' : 'command', elapsed);
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
    this.node.stats.unexpectedErrors++;
    const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
    this.node.log.warning(`Internal error in ${command.fullName}: ${text}`);
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
    const { node } = this;
    if (node.monitors.size > 0 && !command.spec.flags.includes('skip_monitor')) node.monitors.feed(client, args);
    const result = this.invoke(client, command, args);
    if (!(result instanceof Promise)) return result;
    result.catch(() => {});
    return new ErrorReply(`ERR ${command.fullName.toUpperCase()} cannot run inside a transaction on this node`);
  }
}

