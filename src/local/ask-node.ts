// One command for one local node.
import { messageOf } from '../errors.js';
import { Connection } from '../client/connection.js';
import type { Reply } from '../resp/reply.js';

/** What a node replied; `failure` when it could not be asked. */
export interface NodeReply {
  readonly port: number;
  readonly reply: Reply | undefined;
  readonly failure: string | undefined;
}

/** Sends the words unchanged. Rejects only with the reason of the signal; other failures are in the result. */
export async function askNode(host: string, port: number, words: readonly string[], signal: AbortSignal): Promise<NodeReply> {
  try {
    await using connection = await Connection.connect({ host, port, connectTimeoutMs: 2000 });
    const [reply] = await connection.pipeline([words], { signal });
    return { port, reply: reply ?? null, failure: undefined };
  } catch (error) {
    signal.throwIfAborted();
    return { port, reply: undefined, failure: messageOf(error) };
  }
}
