// What a blocking command asks for, and the marker it answers with meanwhile.
import type { ServerReply, Shape } from '../../resp/server-reply.js';
import { NoReply } from '../../resp/server-reply.js';

/** The marker a blocking handler returns after ctx.block(): the reply comes later. */
export const BLOCKED: Shape = new NoReply();

/** A client waits for one of `keys` to hold something for it. */
export interface BlockRequest {
  readonly keys: readonly string[];
  /** Milliseconds, 0 for ever. */
  readonly timeoutMs: number;
  /** The reply when nothing came in time, and at once inside a transaction. */
  readonly onTimeout: ServerReply;
  /** Tries to serve the client from `key`; undefined: nothing there for it, it goes on waiting. */
  attempt(key: string): ServerReply | undefined;
}
