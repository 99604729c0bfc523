// CONFIG: the commands over config/.
import { ErrorReply, MapReply, OK } from '../../../resp/server-reply.js';
import type { ServerReply } from '../../../resp/server-reply.js';
import { isSecret } from '../../config/parameters/index.js';
import { rewriteConfigFile } from '../../config/rewrite.js';
import type { Args, Command } from '../../exec/command.js';
import type { CommandContext } from '../../exec/context.js';
import { SYNTAX } from '../../errors.js';
import { containerHelp } from '../container-help.js';

export const configHelp = (ctx: CommandContext): ServerReply => containerHelp(ctx, 'CONFIG');

export function configGet({ node }: CommandContext, args: Args): ServerReply {
  const found = new Map<string, string>();
  for (const pattern of args.slice(2)) for (const [name, value] of node.config.show(pattern)) found.set(name, value);
  return new MapReply([...found].flat());
}

/** The values of parameters that hold secrets. */
export function configSecrets(args: Args): number[] {
  const secrets: number[] = [];
  for (let i = 2; i + 1 < args.length; i += 2) if (isSecret(args[i]!)) secrets.push(i + 1);
  return secrets;
}

export function configSet({ node, client }: CommandContext, args: Args): ServerReply {
  if (args.length % 2 === 1) throw SYNTAX;
  const pairs: [string, string][] = [];
  for (let i = 2; i < args.length; i += 2) pairs.push([args[i]!, args[i + 1]!]);
  node.config.set(pairs, isLocal(client.transport.remote));
  return OK;
}

/** Whether a client's address is on loopback. */
export const isLocal = (remote: string): boolean => /^(127\.|\[?::1\]?:|\[?::ffff:127\.)/.test(remote);

export function configRewrite({ node }: CommandContext): ServerReply {
  const { file } = node.config;
  if (file === null) throw new ErrorReply('ERR The server is running without a config file');
  try {
    rewriteConfigFile(node.config, file, node.random.hex(8));
  } catch (error) {
    node.log.warning(`CONFIG REWRITE failed: ${(error as Error).message}`);
    throw new ErrorReply(`ERR Rewriting config file: ${(error as Error).message}`);
  }
  node.log.notice('CONFIG REWRITE executed with success.');
  return OK;
}

export function configResetstat({ node }: CommandContext): ServerReply {
  node.stats.reset();
  Object.assign(node.keyspace.stats, { hits: 0, misses: 0, expired: 0, evicted: 0 });
  const reset = (command: Command): void => {
    Object.assign(command.stats, { calls: 0, microseconds: 0, rejected: 0, failed: 0 });
    for (const sub of command.subcommands?.values() ?? []) reset(sub);
  };
  for (const command of node.commands.all) reset(command);
  return OK;
}
