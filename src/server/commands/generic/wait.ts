// WAIT: how many replicas have acknowledged this client's last write.
import { ErrorReply } from '../../../resp/server-reply.js';
import type { ServerReply } from '../../../resp/server-reply.js';
import { int64Arg } from '../../exec/arguments.js';
import type { CommandContext } from '../../exec/context.js';
import { TIMEOUT_NEGATIVE, TIMEOUT_NOT_INTEGER } from '../../errors.js';
import { replicationOf } from '../../replication/replication.js';

const ON_REPLICA = new ErrorReply(
  'ERR WAIT cannot be used with replica instances. Please also note that since Redis 4.0 if a replica is configured to be writable (which is not the default) writes to replicas are just local and are not propagated.',
);

export function wait(ctx: CommandContext, args: readonly string[]): ServerReply {
  const { node, client } = ctx;
  const { masterSide, role } = replicationOf(node);
  if (role === 'replica') throw ON_REPLICA;
  const wanted = Number(int64Arg(args[1]));
  const timeoutMs = Number(int64Arg(args[2], TIMEOUT_NOT_INTEGER));
  if (timeoutMs < 0) throw TIMEOUT_NEGATIVE;
  const offset = client.streamOffset;
  const acknowledged = masterSide.replicas.acknowledged(offset);
  if (acknowledged >= wanted || client.executing) return acknowledged;
  const waiter = { offset, wanted, release: (count: number) => void node.blocking.release(client, count) };
  masterSide.waiters.add(waiter);
  masterSide.askForAcks();
  return ctx.block({
    keys: [],
    timeoutMs,
    get onTimeout() {
      return masterSide.replicas.acknowledged(offset);
    },
    attempt: () => undefined,
    ended: () => masterSide.waiters.remove(waiter),
  });
}
