// The commands of replication: roles (REPLICAOF, FAILOVER, ROLE) and the commands that replicas send to their master (SYNC,
// PSYNC, REPLCONF). What they do is in server/replication/.
import { ErrorReply, NO_REPLY, OK, Simple } from '../../../resp/server-reply.js';
import type { ServerReply } from '../../../resp/server-reply.js';
import { SYNTAX } from '../../errors.js';
import { int64Arg, rangedArg } from '../../exec/arguments.js';
import type { CommandContext } from '../../exec/context.js';
import { replconf as runReplconf } from '../../replication/replconf.js';
import { replicationOf } from '../../replication/replication.js';
import { clientLine } from '../connection/client-info.js';

type Args = readonly string[];

const BAD_PORT = new ErrorReply('ERR Invalid master port');
const SAME_MASTER = new Simple('OK Already connected to specified master');
const NO_MASTER_LINK = new ErrorReply("NOMASTERLINK Can't SYNC while not connected with my master");
const FAILING_OVER = new ErrorReply("NOMASTERLINK Can't SYNC while failing over");

export function replicaof({ node, client }: CommandContext, args: Args): ServerReply {
  if (node.cluster !== null) throw new ErrorReply('ERR REPLICAOF not allowed in cluster mode.');
  const replication = replicationOf(node);
  if (replication.failover.state !== 'no-failover') throw new ErrorReply('ERR REPLICAOF not allowed while failing over.');
  const [, host, portText] = args;
  if (host!.toLowerCase() === 'no' && portText!.toLowerCase() === 'one') {
    if (replication.role === 'replica') {
      replication.promote();
      node.log.notice(`MASTER MODE enabled (user request from '${clientLine(node, client)}')`);
    }
    return OK;
  }
  if (client.role === 'replica') throw new ErrorReply('ERR Command is not valid when client is a replica.');
  const port = rangedArg(portText, 0, 65_535, BAD_PORT);
  const { master } = replication;
  if (master !== null && master.host.toLowerCase() === host!.toLowerCase() && master.port === port) return SAME_MASTER;
  replication.setMaster(host!, port);
  node.log.notice(`REPLICAOF ${host!}:${port} enabled (user request from '${clientLine(node, client)}')`);
  return OK;
}

export function role({ node }: CommandContext): ServerReply {
  const replication = replicationOf(node);
  const { master } = replication;
  if (master !== null) {
    const offset = replication.linkUp ? replication.following!.offset : -1;
    return ['slave', master.host, master.port, replication.linkState, offset];
  }
  const online = replication.replicas().filter(({ state }) => state === 'online');
  return ['master', replication.offset, online.map(({ ip, port, ackOffset }) => [ip, String(port), String(ackOffset)])];
}

export function psync(ctx: CommandContext, args: Args): ServerReply {
  const { node, client } = ctx;
  if (client.role === 'replica' || client.monitor) return NO_REPLY;
  if (args.length > 3 && args[3]!.toLowerCase() === 'failover') becomeMaster(ctx, args[1]!);
  checkMayServe(ctx);
  return replicationOf(node).masterSide.synchronise(client, { id: args[1]!, next: Number(int64Arg(args[2])) });
}

export function sync(ctx: CommandContext): ServerReply {
  const { node, client } = ctx;
  if (client.role === 'replica' || client.monitor) return NO_REPLY;
  checkMayServe(ctx);
  return replicationOf(node).masterSide.synchronise(client, null);
}

/** PSYNC … FAILOVER: the master of this node transfers its role to it (4.11). */
function becomeMaster({ node, client }: CommandContext, id: string): void {
  const replication = replicationOf(node);
  node.log.warning(`Failover request received for replid ${id}.`);
  if (replication.role === 'master') throw new ErrorReply("ERR PSYNC FAILOVER can't be sent to a master.");
  if (id.toLowerCase() !== replication.history.replid) throw new ErrorReply('ERR PSYNC FAILOVER replid must match my replid.');
  replication.promote();
  node.log.notice(`MASTER MODE enabled (failover request from '${clientLine(node, client)}')`);
}

function checkMayServe({ node }: CommandContext): void {
  const replication = replicationOf(node);
  if (replication.failover.state !== 'no-failover') throw FAILING_OVER;
  if (replication.role === 'replica' && !replication.linkUp) throw NO_MASTER_LINK;
}

export const replconf = ({ node, client }: CommandContext, args: Args): ServerReply => runReplconf(replicationOf(node), client, args);

export function failover({ node }: CommandContext, args: Args): ServerReply {
  if (node.cluster !== null) throw new ErrorReply('ERR FAILOVER not allowed in cluster mode.');
  const { failover: running } = replicationOf(node);
  const options = failoverOptions(args);
  if (options.abort) {
    if (running.state === 'no-failover') throw new ErrorReply('ERR No failover in progress.');
    running.abort('Failover manually aborted');
  } else running.start(options);
  return OK;
}

interface FailoverOptions {
  abort: boolean;
  force: boolean;
  timeoutMs: number;
  to: { host: string; port: number } | null;
}

function failoverOptions(args: Args): FailoverOptions {
  const options: FailoverOptions = { abort: false, force: false, timeoutMs: 0, to: null };
  for (let i = 1; i < args.length; i++) {
    const word = args[i]!.toLowerCase();
    if (word === 'timeout' && i + 1 < args.length && options.timeoutMs === 0) {
      options.timeoutMs = Number(int64Arg(args[++i]));
      if (options.timeoutMs <= 0) throw new ErrorReply('ERR FAILOVER timeout must be greater than 0');
    } else if (word === 'abort' && args.length === 2) options.abort = true;
    else if (word === 'to' && i + 2 < args.length && options.to === null) {
      options.to = { host: args[i + 1]!, port: Number(int64Arg(args[i + 2])) };
      i += 2;
    } else if (word === 'force' && !options.force) options.force = true;
    else throw SYNTAX;
  }
  return options;
}
