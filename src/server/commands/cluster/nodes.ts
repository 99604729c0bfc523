// CLUSTER subcommands about nodes, roles and epochs: MEET, FORGET, RESET, REPLICATE, FAILOVER … (cluster-node.md 6.2), and the
// connection flags ASKING, READONLY and READWRITE. The rules are in server/cluster/admin/.
import { messageOf } from '../../../errors.js';
import type { Args } from '../../exec/command.js';
import { ErrorReply, OK, Simple } from '../../../resp/server-reply.js';
import type { ServerReply } from '../../../resp/server-reply.js';
import { bumpConfigEpoch, forget, meet, reset, setConfigEpoch } from '../../cluster/admin/nodes.js';
import { replicateNode, startFailover } from '../../cluster/admin/failover.js';
import { busOf } from '../../cluster/node-cluster.js';
import { intArg } from '../../exec/arguments.js';
import type { CommandContext } from '../../exec/context.js';
import { subcommandSyntax, SYNTAX } from '../../errors.js';
import { outcomeReply } from './slots.js';


export function clusterMeet(ctx: CommandContext, args: Args): ServerReply {
  const bus = busOf(ctx.node);
  if (args.length > 5) throw subcommandSyntax('cluster', args[1] ?? '');
  const [, , ip = '', portText = '', cportText] = args;
  const port = intArg(portText, new ErrorReply(`ERR Invalid TCP base port specified: ${portText}`));
  const cport = cportText === undefined ? undefined : intArg(cportText, new ErrorReply(`ERR Invalid TCP bus port specified: ${cportText}`));
  const started = bus.administer((turn) => meet(turn, ip, port, cport));
  return started ? OK : new ErrorReply(`ERR Invalid node address specified: ${ip}:${portText}`);
}

export function clusterForget(ctx: CommandContext, args: Args): ServerReply {
  return outcomeReply(busOf(ctx.node).administer((turn) => forget(turn, args[2] ?? '')));
}

export function clusterReset(ctx: CommandContext, args: Args): ServerReply {
  const bus = busOf(ctx.node);
  if (args.length > 3) throw subcommandSyntax('cluster', args[1] ?? '');
  const mode = (args[2] ?? 'soft').toLowerCase();
  if (mode !== 'soft' && mode !== 'hard') throw SYNTAX;
  return outcomeReply(bus.administer((turn) => reset(turn, mode === 'hard')));
}

export function clusterReplicate(ctx: CommandContext, args: Args): ServerReply {
  return outcomeReply(busOf(ctx.node).administer((turn) => replicateNode(turn, args[2] ?? '')));
}

export function clusterFailover(ctx: CommandContext, args: Args): ServerReply {
  const bus = busOf(ctx.node);
  if (args.length > 3) throw subcommandSyntax('cluster', args[1] ?? '');
  const word = args[2]?.toLowerCase();
  if (word !== undefined && word !== 'force' && word !== 'takeover') throw SYNTAX;
  return outcomeReply(bus.administer((turn) => startFailover(turn, word ?? 'default')));
}

export function clusterBumpepoch(ctx: CommandContext): ServerReply {
  return new Simple(busOf(ctx.node).administer(bumpConfigEpoch));
}

export function clusterSetConfigEpoch(ctx: CommandContext, args: Args): ServerReply {
  const bus = busOf(ctx.node);
  const epoch = intArg(args[2]);
  return outcomeReply(bus.administer((turn) => setConfigEpoch(turn, epoch)));
}

export function clusterSaveconfig(ctx: CommandContext): ServerReply {
  const bus = busOf(ctx.node);
  try {
    bus.saveConfig();
    return OK;
  } catch (error) {
    return new ErrorReply(`ERR error saving the cluster node config: ${messageOf(error)}`);
  }
}

export function asking(ctx: CommandContext): ServerReply {
  busOf(ctx.node);
  ctx.client.asking = true;
  return OK;
}

export function readonly(ctx: CommandContext): ServerReply {
  busOf(ctx.node);
  ctx.client.readonly = true;
  return OK;
}

export function readwrite(ctx: CommandContext): ServerReply {
  busOf(ctx.node);
  ctx.client.readonly = false;
  return OK;
}
