// The request of a blocking command, and the marker it returns until its reply is ready.
import type { ServerReply, Shape } from '../../resp/server-reply.js';
import { NoReply } from '../../resp/server-reply.js';

/** The marker that a blocking handler returns after ctx.block(): the reply follows later. */
export const BLOCKED: Shape = new NoReply();

/** A client waits until one of `keys` holds something for it. */
export interface BlockRequest {
  readonly keys: readonly string[];
  /** Milliseconds, 0 for no limit. */
  readonly timeoutMs: number;
  /** The reply after the timeout, and at once inside a transaction. */
  readonly onTimeout: ServerReply;
  /** Tries to serve the client from `key` and records its effect; undefined: nothing there, it continues to wait. */
  attempt(key: string): ServerReply | undefined;
  /** The wait is over, whatever ended it. */
  ended?(): void;
}
