// The client that runs the commands of an append-only file: no gates apply, replies are dropped.
import type { Transport } from '../../exec/client.js';
import type { NodeServices } from '../../exec/context.js';
import type { Executor } from '../../exec/executor.js';
import { ServedClient } from '../../exec/served-client.js';
import type { AofClient } from './aof-loader.js';

const NOWHERE: Transport = { remote: '', local: '', backlog: 0, backlogPieces: 0, send: () => undefined, sendBytes: () => undefined, close: () => undefined };

export class ReplayClient implements AofClient {
  private readonly client: ServedClient;

  constructor(private readonly node: NodeServices, private readonly executor: Executor) {
    this.client = new ServedClient(0, node, NOWHERE, 'aof');
    this.client.replyMode = 'off';
  }

  get inTransaction(): boolean {
    return this.client.transaction !== null;
  }

  refusal(words: readonly string[]): string | null {
    const command = this.node.commands.find(words[0]!);
    if (command === undefined) return `Unknown command '${words[0]!.slice(0, 128)}'`;
    return command.accepts(words.length) ? null : `Wrong number of arguments for '${command.fullName}'`;
  }

  run(words: readonly string[]): void {
    this.executor.execute(this.client, words);
  }

  beginBatch(): void {
    this.executor.beginBatch();
  }

  endBatch(): void {
    this.executor.endBatch();
  }

  discard(): void {
    this.client.transaction = null;
  }
}
