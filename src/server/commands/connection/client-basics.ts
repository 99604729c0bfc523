// CLIENT: names, lists, pauses, reply modes. KILL is in client-kill.ts, client-side caching in client-tracking.ts.
import type { Args } from '../../exec/command.js';
import { ErrorReply, NO_REPLY, OK, VerbatimReply } from '../../../resp/server-reply.js';
import type { ServerReply } from '../../../resp/server-reply.js';
import { int64Arg } from '../../exec/arguments.js';
import type { CommandContext } from '../../exec/context.js';
import { SYNTAX, TIMEOUT_NEGATIVE, TIMEOUT_NOT_INTEGER, subcommandSyntax } from '../../errors.js';
import { clientLine, typeOfClient } from './client-info.js';
import { clientTypeArg } from './client-kill.js';
import { BAD_NAME, isClientName } from './client-name.js';
import { containerHelp } from '../container-help.js';

const BAD_CLIENT_ID = new ErrorReply('ERR Invalid client ID');
const BAD_PAUSE_MODE = new ErrorReply('ERR CLIENT PAUSE mode must be WRITE or ALL');
const BAD_UNBLOCK_REASON = new ErrorReply('ERR CLIENT UNBLOCK reason should be TIMEOUT or ERROR');
const UNBLOCKED = new ErrorReply('UNBLOCKED client unblocked via CLIENT UNBLOCK');

export const clientHelp = (ctx: CommandContext): ServerReply => containerHelp(ctx, 'CLIENT');
export const clientId = ({ client }: CommandContext): ServerReply => client.id;
export const clientGetname = ({ client }: CommandContext): ServerReply => (client.name === '' ? null : client.name);

export function clientSetname({ client }: CommandContext, args: Args): ServerReply {
  if (!isClientName(args[2]!)) throw BAD_NAME;
  client.name = args[2]!;
  return OK;
}

export const clientInfo = ({ node, client }: CommandContext): ServerReply =>
  new VerbatimReply(`${clientLine(node, client)}\n`);

export function clientList({ node }: CommandContext, args: Args): ServerReply {
  const option = args[2]?.toLowerCase();
  let chosen = [...node.clients];
  if (option === 'type' && args.length === 4) {
    const type = clientTypeArg(args[3]!);
    chosen = chosen.filter((client) => typeOfClient(client) === type);
  } else if (option === 'id' && args.length > 3) {
    const ids = args.slice(3).map((word) => Number(int64Arg(word, BAD_CLIENT_ID)));
    chosen = ids.flatMap((id) => node.clients.get(id) ?? []);
  } else if (args.length !== 2) throw SYNTAX;
  return new VerbatimReply(chosen.map((client) => `${clientLine(node, client)}\n`).join(''));
}

export function clientNoEvict({ client }: CommandContext, args: Args): ServerReply {
  const mode = args[2]!.toLowerCase();
  if (mode !== 'on' && mode !== 'off') throw SYNTAX;
  client.noEvict = mode === 'on';
  return OK;
}

export function clientPause({ node }: CommandContext, args: Args): ServerReply {
  if (args.length > 4) throw subcommandSyntax('client', args[1]!);
  const mode = (args[3] ?? 'all').toLowerCase();
  if (mode !== 'all' && mode !== 'write') throw BAD_PAUSE_MODE;
  const ms = Number(int64Arg(args[2], TIMEOUT_NOT_INTEGER));
  if (ms < 0) throw TIMEOUT_NEGATIVE;
  node.pause.start(ms, mode === 'all', 'client');
  return OK;
}

export function clientUnpause({ node }: CommandContext): ServerReply {
  node.pause.end('client');
  return OK;
}

export function clientReply({ client }: CommandContext, args: Args): ServerReply {
  const mode = args[2]!.toLowerCase();
  if (client.role !== 'normal') return OK;
  if (mode === 'on') {
    client.replyMode = 'on';
    return OK;
  }
  if (mode === 'off') client.replyMode = 'off';
  else if (mode === 'skip') {
    // The reply to CLIENT REPLY SKIP itself is skipped too, then that of the next command.
    if (client.replyMode !== 'off') client.replyMode = 'skip-next';
  } else throw SYNTAX;
  return client.executing ? NO_REPLY : OK;
}

export function clientUnblock({ node }: CommandContext, args: Args): ServerReply {
  if (args.length > 4) throw subcommandSyntax('client', args[1]!);
  const reason = (args[3] ?? 'timeout').toLowerCase();
  if (reason !== 'timeout' && reason !== 'error') throw BAD_UNBLOCK_REASON;
  const target = node.clients.get(Number(int64Arg(args[2])));
  if (!target) return 0;
  return node.blocking.release(target, reason === 'error' ? UNBLOCKED : undefined) ? 1 : 0;
}
