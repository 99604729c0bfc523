// PUBLISH, SPUBLISH and the questions of PUBSUB. In cluster mode messages also go to the other nodes.
import type { ServerReply } from '../../resp/server-reply.js';
import type { Client } from '../dispatch/client.js';
import type { CommandContext } from '../dispatch/context.js';
import { subcommandSyntax } from '../dispatch/errors.js';
import { matchGlob } from '../types/glob.js';
import { containerHelp } from './container-help.js';
import { pubsubDocs } from './docs/pubsub-docs.js';

type Args = readonly string[];
type Listeners = ReadonlyMap<string, ReadonlySet<Client>>;

/** The reply counts the receivers on this node only. */
export function publish({ node }: CommandContext, args: Args): ServerReply {
  const receivers = node.pubsub.publish(args[1]!, args[2]!);
  node.cluster?.publish(args[1]!, args[2]!, false);
  return receivers;
}

export function spublish({ node }: CommandContext, args: Args): ServerReply {
  const receivers = node.pubsub.publishShard(args[1]!, args[2]!);
  node.cluster?.publish(args[1]!, args[2]!, true);
  return receivers;
}

function channels(listeners: Listeners, args: Args): ServerReply {
  if (args.length > 3) throw subcommandSyntax('pubsub', args[1]!);
  const pattern = args[2];
  const names = [...listeners.keys()];
  return pattern === undefined ? names : names.filter((name) => matchGlob(pattern, name));
}

const counts = (listeners: Listeners, args: Args): ServerReply =>
  args.slice(2).flatMap((name) => [name, listeners.get(name)?.size ?? 0]);

export const pubsubHelp = (ctx: CommandContext): ServerReply => containerHelp(ctx, 'PUBSUB', pubsubDocs);
export const pubsubChannels = ({ node }: CommandContext, args: Args): ServerReply => channels(node.pubsub.channels, args);
export const pubsubShardchannels = ({ node }: CommandContext, args: Args): ServerReply => channels(node.pubsub.shardChannels, args);
export const pubsubNumsub = ({ node }: CommandContext, args: Args): ServerReply => counts(node.pubsub.channels, args);
export const pubsubShardnumsub = ({ node }: CommandContext, args: Args): ServerReply => counts(node.pubsub.shardChannels, args);
export const pubsubNumpat = ({ node }: CommandContext): ServerReply => node.pubsub.patterns.size;
