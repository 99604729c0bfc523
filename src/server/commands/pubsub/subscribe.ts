// The six SUBSCRIBE and UNSUBSCRIBE commands. Each channel is confirmed by its own message (persistence-replication.md 5.6).
import type { Args } from '../../exec/command.js';
import { ErrorReply, NO_REPLY, ServerPush, Several } from '../../../resp/server-reply.js';
import type { ServerReply } from '../../../resp/server-reply.js';
import type { Client } from '../../exec/client.js';
import type { CommandContext } from '../../exec/context.js';
import type { PubSub } from '../../pubsub/pubsub.js';

type Confirmation = readonly [kind: string, channel: string | null, count: number];

/** Channels and patterns are counted together, shard channels separately. */
const ordinary = (client: Client): number => client.channels.size + client.patterns.size;
const sharded = (client: Client): number => client.shardChannels.size;

/**
 * Confirmations are messages, not replies: CLIENT REPLY OFF does not suppress them. Inside EXEC they take the place of the
 * reply.
 */
function confirm(client: Client, confirmations: readonly Confirmation[]): ServerReply {
  if (client.executing) return new Several(confirmations.map((items) => new ServerPush(items)));
  for (const items of confirmations) client.push(items);
  return NO_REPLY;
}

type Join = (pubsub: PubSub, client: Client, name: string) => void;
type Leave = (pubsub: PubSub, client: Client, name: string) => void;

const joining = (kind: string, join: Join, count: (client: Client) => number) => {
  return ({ node, client }: CommandContext, args: Args): ServerReply =>
    confirm(
      client,
      args.slice(1).map((name): Confirmation => {
        join(node.pubsub, client, name);
        return [kind, name, count(client)];
      }),
    );
};

const leaving = (kind: string, leave: Leave, mine: (client: Client) => Set<string>, count: (client: Client) => number) => {
  return ({ node, client }: CommandContext, args: Args): ServerReply => {
    const names = args.length > 1 ? args.slice(1) : [...mine(client)];
    if (names.length === 0) return confirm(client, [[kind, null, count(client)]]);
    return confirm(
      client,
      names.map((name): Confirmation => {
        leave(node.pubsub, client, name);
        return [kind, name, count(client)];
      }),
    );
  };
};

export const subscribe = joining('subscribe', (pubsub, client, name) => pubsub.subscribe(client, name), ordinary);
export const psubscribe = joining('psubscribe', (pubsub, client, name) => pubsub.psubscribe(client, name), ordinary);
const joinShard = joining('ssubscribe', (pubsub, client, name) => pubsub.ssubscribe(client, name), sharded);

const SSUBSCRIBE_INSIDE = new ErrorReply("ERR SSUBSCRIBE isn't allowed for a DENY BLOCKING client");

/** Redis refuses it inside EXEC, unlike the related commands. */
export function ssubscribe(ctx: CommandContext, args: Args): ServerReply {
  if (ctx.client.executing) throw SSUBSCRIBE_INSIDE;
  return joinShard(ctx, args);
}

export const unsubscribe = leaving(
  'unsubscribe',
  (pubsub, client, name) => pubsub.unsubscribe(client, name),
  (client) => client.channels,
  ordinary,
);
export const punsubscribe = leaving(
  'punsubscribe',
  (pubsub, client, name) => pubsub.punsubscribe(client, name),
  (client) => client.patterns,
  ordinary,
);
export const sunsubscribe = leaving(
  'sunsubscribe',
  (pubsub, client, name) => pubsub.sunsubscribe(client, name),
  (client) => client.shardChannels,
  sharded,
);
