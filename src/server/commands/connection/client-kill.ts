// CLIENT KILL in its old form (an address) and its new one (filters).
import type { Args } from '../../exec/command.js';
import { ErrorReply, NO_REPLY, OK } from '../../../resp/server-reply.js';
import type { ServerReply } from '../../../resp/server-reply.js';
import { rangedArg } from '../../exec/arguments.js';
import type { Client } from '../../exec/client.js';
import type { CommandContext } from '../../exec/context.js';
import { SYNTAX } from '../../errors.js';
import { clientTypeOf, typeOfClient } from './client-info.js';
import type { ClientType } from './client-info.js';

const NO_SUCH_CLIENT = new ErrorReply('ERR No such client');
const BAD_ID = new ErrorReply('ERR client-id should be greater than 0');

interface KillFilter {
  id: number | null;
  addr: string | null;
  laddr: string | null;
  type: ClientType | null;
  user: string | null;
  skipMe: boolean;
}

/** The type for a word. Throws the error of CLIENT LIST and CLIENT KILL for an unknown one. */
export function clientTypeArg(word: string): ClientType {
  const type = clientTypeOf(word);
  if (type === null) throw new ErrorReply(`ERR Unknown client type '${word}'`);
  return type;
}

function yesOrNo(word: string): boolean {
  const lower = word.toLowerCase();
  if (lower !== 'yes' && lower !== 'no') throw SYNTAX;
  return lower === 'yes';
}

function parseFilter(args: Args): KillFilter {
  const filter: KillFilter = { id: null, addr: null, laddr: null, type: null, user: null, skipMe: true };
  if (args.length === 3) return { ...filter, addr: args[2]!, skipMe: false };
  for (let i = 2; i < args.length; i += 2) {
    const value = args[i + 1];
    if (value === undefined) throw SYNTAX;
    applyFilter(filter, args[i]!.toLowerCase(), value);
  }
  return filter;
}

function applyFilter(filter: KillFilter, word: string, value: string): void {
  if (word === 'id') filter.id = rangedArg(value, 1, Infinity, BAD_ID);
  else if (word === 'type') filter.type = clientTypeArg(value);
  else if (word === 'addr') filter.addr = value;
  else if (word === 'laddr') filter.laddr = value;
  else if (word === 'user') {
    if (value !== 'default') throw new ErrorReply(`ERR No such user '${value}'`);
    filter.user = value;
  } else if (word === 'skipme') filter.skipMe = yesOrNo(value);
  else throw SYNTAX;
}

function matches(client: Client, filter: KillFilter): boolean {
  return (
    (filter.addr === null || client.transport.remote === filter.addr) &&
    (filter.laddr === null || client.transport.local === filter.laddr) &&
    (filter.type === null || typeOfClient(client) === filter.type) &&
    (filter.id === null || client.id === filter.id) &&
    (filter.user === null || client.user === filter.user)
  );
}

export function clientKill({ node, client }: CommandContext, args: Args): ServerReply {
  const filter = parseFilter(args);
  const matching = [...node.clients].filter((one) => matches(one, filter) && !(filter.skipMe && one === client));
  for (const one of matching) if (one !== client) one.close(true);
  if (args.length === 3 && matching.length === 0) throw NO_SUCH_CLIENT;
  const reply = args.length === 3 ? OK : matching.length;
  if (!matching.includes(client)) return reply;
  // Inside EXEC the rest of the transaction still runs, and the reply of EXEC is sent before the connection closes.
  if (client.executing) {
    node.clock.after(0, () => client.close());
    return reply;
  }
  client.reply(reply);
  client.close();
  return NO_REPLY;
}
