// WAIT. This node has no replicas: nobody can acknowledge, so the answer is 0 once the time is over.
import type { ServerReply } from '../../resp/server-reply.js';
import { int64Arg } from '../dispatch/arguments.js';
import type { CommandContext } from '../dispatch/context.js';
import { TIMEOUT_NEGATIVE, TIMEOUT_NOT_INTEGER } from '../dispatch/errors.js';

export function wait(ctx: CommandContext, args: readonly string[]): ServerReply {
  const wanted = Number(int64Arg(args[1]));
  const timeoutMs = Number(int64Arg(args[2], TIMEOUT_NOT_INTEGER));
  if (timeoutMs < 0) throw TIMEOUT_NEGATIVE;
  if (wanted <= 0) return 0;
  return ctx.block({ keys: [], timeoutMs, onTimeout: 0, attempt: () => undefined });
}
