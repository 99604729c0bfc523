// PING, ECHO, AUTH, HELLO, SELECT, RESET, QUIT. CLIENT has its own files.
import type { Args } from '../../exec/command.js';
import { ErrorReply, MapReply, OK, PONG, Simple } from '../../../resp/server-reply.js';
import type { ServerReply } from '../../../resp/server-reply.js';
import { timingSafeEqual, createHash } from 'node:crypto';
import { parseInt64 } from '../../types/numbers.js';
import { int64Arg } from '../../exec/arguments.js';
import type { CommandContext, NodeServices } from '../../exec/context.js';
import type { Client } from '../../exec/client.js';
import { DB_RANGE, SYNTAX, wrongArity } from '../../errors.js';
import { REDIS_VERSION } from '../../runtime/version.js';
import { isClientName, BAD_NAME } from './client-name.js';

const WRONGPASS = new ErrorReply('WRONGPASS invalid username-password pair or user is disabled.');
const NO_PASSWORD = new ErrorReply(
  'ERR AUTH <password> called without any password configured for the default user. Are you sure your configuration is correct?',
);
const BAD_PROTOCOL = new ErrorReply('ERR Protocol version is not an integer or out of range');
const NOPROTO = new ErrorReply('NOPROTO unsupported protocol version');
const HELLO_NOAUTH = new ErrorReply(
  'NOAUTH HELLO must be called with the client already authenticated, otherwise the HELLO AUTH <user> <pass> option can be used to authenticate the client and select the RESP protocol version at the same time',
);

export function ping({ client }: CommandContext, args: Args): ServerReply {
  if (args.length > 2) throw wrongArity('ping');
  if (client.protocol === 2 && client.subscriptions > 0) return ['pong', args[1] ?? ''];
  return args[1] ?? PONG;
}

export const echo = (_ctx: CommandContext, args: Args): ServerReply => args[1]!;

export function quit({ client }: CommandContext): ServerReply {
  client.reply(OK);
  client.replyMode = 'off';
  client.close();
  return OK;
}

export function select(ctx: CommandContext, args: Args): ServerReply {
  const index = Number(int64Arg(args[1], new ErrorReply('ERR value is not an integer or out of range')));
  if (ctx.node.cluster !== null && index !== 0) throw new ErrorReply('ERR SELECT is not allowed in cluster mode');
  if (index < 0 || index >= ctx.keyspace.databases.length) throw DB_RANGE;
  ctx.client.select(index);
  return OK;
}

/** Compares in constant time, so that the duration reveals nothing. */
function samePassword(given: string, wanted: string): boolean {
  const digest = (text: string): Buffer => createHash('sha256').update(text, 'latin1').digest();
  return timingSafeEqual(digest(given), digest(wanted));
}

/** Logs the client in; false for a wrong user or password. Only the default user exists. */
function logIn(node: NodeServices, client: Client, user: string, password: string): boolean {
  const wanted = node.config.text('requirepass');
  if (user !== 'default' || (wanted !== '' && !samePassword(password, wanted))) return false;
  client.authenticated = true;
  client.user = 'default';
  return true;
}

export function auth({ client, node }: CommandContext, args: Args): ServerReply {
  if (args.length > 3) throw SYNTAX;
  if (args.length === 2 && node.config.text('requirepass') === '') throw NO_PASSWORD;
  const [user, password] = args.length === 2 ? ['default', args[1]!] : [args[1]!, args[2]!];
  if (!logIn(node, client, user, password)) throw WRONGPASS;
  return OK;
}

interface HelloOptions {
  readonly credentials: readonly [string, string] | null;
  readonly name: string | null;
}

function helloOptions(args: Args): HelloOptions {
  let credentials: [string, string] | null = null;
  let name: string | null = null;
  for (let i = 2; i < args.length; i++) {
    const word = args[i]!.toUpperCase();
    if (word === 'AUTH' && i + 2 < args.length) {
      credentials = [args[i + 1]!, args[i + 2]!];
      i += 2;
    } else if (word === 'SETNAME' && i + 1 < args.length) {
      name = args[++i]!;
      if (!isClientName(name)) throw BAD_NAME;
    } else throw new ErrorReply(`ERR Syntax error in HELLO option '${args[i]!}'`);
  }
  return { credentials, name };
}

/** The words after AUTH, whether the option is valid or not. */
export function helloSecrets(args: Args): number[] {
  const secrets: number[] = [];
  for (let i = 2; i < args.length; i++) {
    const word = args[i]!.toUpperCase();
    if (word === 'SETNAME') i++;
    else if (word === 'AUTH') for (let follows = 2; follows > 0 && i + 1 < args.length; follows--) secrets.push(++i);
  }
  return secrets;
}

export function hello({ client, node }: CommandContext, args: Args): ServerReply {
  let version: number | bigint | null = null;
  if (args.length > 1) {
    version = parseInt64(args[1]!);
    if (version === null) throw BAD_PROTOCOL;
    if (version !== 2 && version !== 3) throw NOPROTO;
  }
  const options = helloOptions(args);
  if (options.credentials && !logIn(node, client, ...options.credentials)) throw WRONGPASS;
  if (!client.authenticated) throw HELLO_NOAUTH;
  if (options.name !== null) client.name = options.name;
  if (version === 2 || version === 3) client.protocol = version;
  return new MapReply([
    'server', 'redis',
    'version', REDIS_VERSION,
    'proto', client.protocol,
    'id', client.id,
    'mode', node.cluster ? 'cluster' : 'standalone',
    'role', node.replication.role,
    'modules', [],
  ]);
}

export function reset({ client, node }: CommandContext): ServerReply {
  if (client.role !== 'normal') throw new ErrorReply('ERR can only reset normal client connections');
  client.transaction = null;
  client.unwatchAll();
  node.pubsub.forget(client);
  node.monitors.remove(client);
  node.tracking.disable(client);
  client.protocol = 2;
  client.select(0);
  client.name = '';
  client.readonly = client.asking = client.noEvict = false;
  client.replyMode = 'on';
  client.user = 'default';
  client.authenticated = node.config.text('requirepass') === '';
  return new Simple('RESET');
}
