// PUBLISH, SPUBLISH and PUBSUB. In cluster mode messages also go to the other nodes.
import type { Args } from '../../exec/command.js';
import type { ServerReply } from '../../../resp/server-reply.js';
import type { Client } from '../../exec/client.js';
import type { CommandContext, NodeServices } from '../../exec/context.js';
import { subcommandSyntax } from '../../errors.js';
import { matchGlob } from '../../../resp/glob.js';
import { containerHelp } from '../container-help.js';

type ChannelClients = ReadonlyMap<string, ReadonlySet<Client>>;

/** In a cluster, other nodes get the message over the bus; otherwise replicas get it in the replication stream. */
function propagate(node: NodeServices, args: Args, shard: boolean): void {
  if (node.cluster === null) node.effects.forceToReplicas();
  else node.cluster.publish(args[1]!, args[2]!, shard);
}

/** The reply counts the receivers on this node only. */
export function publish({ node }: CommandContext, args: Args): ServerReply {
  const receivers = node.pubsub.publish(args[1]!, args[2]!);
  propagate(node, args, false);
  return receivers;
}

export function spublish({ node }: CommandContext, args: Args): ServerReply {
  const receivers = node.pubsub.publishShard(args[1]!, args[2]!);
  propagate(node, args, true);
  return receivers;
}

function channels(listeners: ChannelClients, args: Args): ServerReply {
  if (args.length > 3) throw subcommandSyntax('pubsub', args[1]!);
  const pattern = args[2];
  const names = [...listeners.keys()];
  return pattern === undefined ? names : names.filter((name) => matchGlob(pattern, name));
}

const counts = (listeners: ChannelClients, args: Args): ServerReply =>
  args.slice(2).flatMap((name) => [name, listeners.get(name)?.size ?? 0]);

export const pubsubHelp = (ctx: CommandContext): ServerReply => containerHelp(ctx, 'PUBSUB');
export const pubsubChannels = ({ node }: CommandContext, args: Args): ServerReply => channels(node.pubsub.channels, args);
export const pubsubShardchannels = ({ node }: CommandContext, args: Args): ServerReply => channels(node.pubsub.shardChannels, args);
export const pubsubNumsub = ({ node }: CommandContext, args: Args): ServerReply => counts(node.pubsub.channels, args);
export const pubsubShardnumsub = ({ node }: CommandContext, args: Args): ServerReply => counts(node.pubsub.shardChannels, args);
export const pubsubNumpat = ({ node }: CommandContext): ServerReply => node.pubsub.patterns.size;
