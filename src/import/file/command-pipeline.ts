// Sends commands of an append-only file to one database of one master, in their order, many in flight over one connection. A lost
// connection or a moved slot ends the load: commands such as INCR must not be sent twice.
import type { Connection } from '../../client/connection.js';
import { ExitCode, TribError } from '../../errors.js';
import { encodeCommand } from '../../resp/command.js';
import { ReplyError, fromBinary, type Reply } from '../../resp/reply.js';
import type { ImportRoute } from '../routes.js';

const BATCH_COMMANDS = 500;
const BATCH_BYTES = 256 * 1024;
const DEPTH = 4;

/** Commands that are answered together; the callback gets the reply of each. */
export interface PipelineUnit {
  readonly commands: readonly (readonly string[])[];
  /** Between MULTI and EXEC. */
  readonly transaction: boolean;
  readonly onReply: (command: readonly string[], reply: Reply | ReplyError | undefined) => void;
}

interface Batch {
  text: string;
  replies: number;
  readonly units: PipelineUnit[];
}

const empty = (): Batch => ({ text: '', replies: 0, units: [] });
/** Another master serves the slot now, or none does. */
const ELSEWHERE = new Set(['MOVED', 'ASK', 'TRYAGAIN', 'CLUSTERDOWN', 'READONLY', 'LOADING', 'MASTERDOWN']);

export class CommandPipeline {
  private filling = empty();
  private readonly running = new Set<Promise<void>>();
  private failure: { readonly error: unknown } | undefined;

  constructor(private readonly route: ImportRoute, private readonly connection: Connection, private readonly timeoutMs: number) {}

  add(unit: PipelineUnit): void {
    const { filling } = this;
    const words = unit.transaction ? [['MULTI'], ...unit.commands, ['EXEC']] : unit.commands;
    for (const command of words) filling.text += encodeCommand(command);
    filling.replies += words.length;
    filling.units.push(unit);
    if (filling.replies >= BATCH_COMMANDS || filling.text.length >= BATCH_BYTES) this.close();
  }

  /** Resolves when more can be sent. Throws the error that ends the load. */
  async untilWritable(): Promise<void> {
    while (this.running.size > DEPTH && this.failure === undefined) await Promise.race(this.running);
    this.rethrow();
  }

  /** Sends what is left and waits for all replies. Throws as untilWritable. */
  async finish(): Promise<void> {
    this.close();
    while (this.running.size > 0) await Promise.all(this.running);
    this.rethrow();
  }

  /** Waits for the commands in flight; sends no further ones. */
  async abandon(): Promise<void> {
    this.failure ??= { error: undefined };
    while (this.running.size > 0) await Promise.all(this.running);
  }

  private rethrow(): void {
    if (this.failure !== undefined) throw this.failure.error;
  }

  private close(): void {
    const batch = this.filling;
    this.filling = empty();
    if (batch.replies === 0 || this.failure !== undefined) return;
    // Sent at once: the connection keeps the order.
    const piece: Promise<void> = this.connection
      .send(batch.text, batch.replies, { timeoutMs: this.timeoutMs })
      .then((replies) => this.read(batch, replies as (Reply | ReplyError)[]))
      .catch((error: unknown) => void (this.failure ??= { error }))
      .finally(() => this.running.delete(piece));
    this.running.add(piece);
  }

  private read({ units }: Batch, replies: readonly (Reply | ReplyError)[]): void {
    let at = 0;
    for (const { commands, transaction, onReply } of units) {
      const queued = transaction ? replies.slice(at + 1, at + 1 + commands.length) : [];
      const executed = transaction ? replies[at + 1 + commands.length] : undefined;
      commands.forEach((command, index) => {
        const failed = queued[index] instanceof ReplyError ? queued[index] : executed instanceof ReplyError ? executed : undefined;
        const reply = !transaction ? replies[at + index] : (failed ?? (Array.isArray(executed) ? executed[index] : undefined));
        if (reply instanceof ReplyError && ELSEWHERE.has(reply.code)) throw this.moved(reply);
        onReply(command, reply);
      });
      at += commands.length + (transaction ? 2 : 0);
    }
  }

  private moved(reply: ReplyError): TribError {
    return new TribError('SLOTS_MOVED', `${this.route.name} replied ${fromBinary(reply.message)}: the cluster has changed since the import began`, { exitCode: ExitCode.failed, hint: 'wait until redis-trib check finds no problem, then run the same command with --replace, which loads the keys again' });
  }
}
