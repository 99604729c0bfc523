// COMMAND and its subcommands: the command table for clients.
import { ErrorReply, SetReply, Simple } from '../../../resp/server-reply.js';
import type { ServerReply } from '../../../resp/server-reply.js';
import { aclCategories } from '../../exec/acl-categories.js';
import type { Args, Command } from '../../exec/command.js';
import type { CommandContext, CommandTable } from '../../exec/context.js';
import { SYNTAX } from '../../errors.js';
import type { FoundKey } from '../../exec/keys.js';
import { findKeys } from '../../exec/keys.js';
import { matchGlob } from '../../../resp/glob.js';
import { commandDetails } from './command-details.js';
import { docsByName } from './command-docs.js';
import { containerHelp } from '../container-help.js';

const INVALID_COMMAND = new ErrorReply('ERR Invalid command specified');
const NO_KEYS = new ErrorReply('ERR The command has no key arguments');
const INVALID_COUNT = new ErrorReply('ERR Invalid number of arguments specified for command');
const INVALID_ARGUMENTS = new ErrorReply('ERR Invalid arguments specified for command');

export const commandHelp = (ctx: CommandContext): ServerReply => containerHelp(ctx, 'COMMAND');
export const command = ({ node }: CommandContext): ServerReply => node.commands.all.map(commandDetails);
export const commandCount = ({ node }: CommandContext): ServerReply => node.commands.all.length;

/** `get` or `config|get`. */
function lookup(table: CommandTable, name: string): Command | undefined {
  const [container, sub] = name.toLowerCase().split('|', 2);
  const found = table.find(container!);
  return sub === undefined ? found : found?.subcommands?.get(sub);
}

export function commandInfo({ node }: CommandContext, args: Args): ServerReply {
  if (args.length === 2) return node.commands.all.map(commandDetails);
  return args.slice(2).map((name) => {
    const found = lookup(node.commands, name);
    return found ? commandDetails(found) : null;
  });
}

export function commandDocsReply({ node }: CommandContext, args: Args): ServerReply {
  if (args.length === 2) return docsByName(node.commands.all);
  return docsByName(args.slice(2).flatMap((name) => lookup(node.commands, name) ?? []));
}

export function commandList({ node }: CommandContext, args: Args): ServerReply {
  const everything = node.commands.all.flatMap((one) => [one, ...(one.subcommands?.values() ?? [])]);
  return everything.filter(listFilter(args)).map(({ fullName }) => fullName);
}

function listFilter(args: Args): (command: Command) => boolean {
  if (args.length === 2) return () => true;
  if (args.length !== 5 || args[2]!.toUpperCase() !== 'FILTERBY') throw SYNTAX;
  const word = args[4]!;
  switch (args[3]!.toUpperCase()) {
    case 'MODULE': return () => false;
    case 'ACLCAT': return (one) => aclCategories(one).includes(word.toLowerCase());
    case 'PATTERN': return ({ fullName }) => matchGlob(word, fullName, true);
    default: throw SYNTAX;
  }
}

export const commandGetkeys = (ctx: CommandContext, args: Args): ServerReply => keysIn(ctx, args, (key) => key);

/** Access flags are a set in Redis; they are listed in the order of Redis's table of flags. */
export const commandGetkeysandflags = (ctx: CommandContext, args: Args): ServerReply =>
  keysIn(ctx, args, (key, { spec }) => [key, new SetReply((spec?.flags ?? []).map((flag) => new Simple(flag)))]);

function keysIn({ node }: CommandContext, args: Args, show: (key: string, found: FoundKey) => ServerReply): ServerReply {
  const words = args.slice(2);
  const container = node.commands.find(words[0]!);
  const target = container?.subcommands ? container.subcommands.get((words[1] ?? '').toLowerCase()) : container;
  if (!target) throw INVALID_COMMAND;
  // Shard channels are routed like keys but are not keys.
  if (!target.hasKeys || target.spec.keys?.every(({ flags }) => flags.includes('not_key'))) throw NO_KEYS;
  if (!target.accepts(words.length)) throw INVALID_COUNT;
  const found = findKeys(target, words);
  if (found.length === 0) throw INVALID_ARGUMENTS;
  return found.map((one) => show(words[one.index]!, one));
}
