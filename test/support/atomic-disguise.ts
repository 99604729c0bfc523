// What makes a 7.0 node look like Redis 8.4 or Valkey 9: COMMAND INFO of the subcommands of atomic migration, and the version
// in INFO. Not here: the subcommands themselves.
import type { Reply } from '../../src/resp/reply.js';
import { ReplyError } from '../../src/resp/reply.js';
import type { ServerReply } from '../../src/resp/server-reply.js';
import { ErrorReply, MapReply, SetReply, Simple, VerbatimReply } from '../../src/resp/server-reply.js';
import type { AtomicDesign } from './atomic-cluster.js';
import type { Visit } from './atomic-front.js';

const SUBCOMMANDS: Readonly<Record<AtomicDesign, readonly (readonly [name: string, arity: number])[]>> = {
  redis: [['cluster|migration', -4]],
  valkey: [
    ['cluster|migrateslots', -7],
    ['cluster|getslotmigrations', 2],
    ['cluster|cancelslotmigrations', 2],
  ],
};

const VERSIONS: Readonly<Record<AtomicDesign, string>> = {
  redis: 'redis_version:8.4.0',
  valkey: 'redis_version:7.2.4\r\nserver_name:valkey\r\nvalkey_version:9.0.0',
};

const flags = (...names: string[]): ServerReply => new SetReply(names.map((name) => new Simple(name)));

function entry([name, arity]: readonly [string, number]): ServerReply {
  return [name, arity, flags('admin', 'no_async_loading', 'stale'), 0, 0, 0, flags('@admin', '@slow', '@dangerous'), [], [], []];
}

/** A reply of the node in the proxy's form; simple strings become bulk strings. */
function again(reply: Reply): ServerReply {
  if (reply instanceof ReplyError) return new ErrorReply(reply.message);
  if (typeof reply === 'string' || typeof reply === 'number' || typeof reply === 'bigint' || reply === null) return reply;
  if (Array.isArray(reply)) return reply.map(again);
  if (reply instanceof Map) return new MapReply([...reply].flatMap(([key, value]) => [again(key), again(value)]));
  if (reply instanceof Set) return new SetReply([...reply].map(again));
  throw new Error('a reply of a kind that these commands do not give');
}

/** True for a COMMAND INFO about a subcommand of either design. */
export function asksForSubcommand(words: readonly string[]): boolean {
  return words.slice(2).some((word) => /^cluster\|(migration|migrateslots|getslotmigrations|cancelslotmigrations)$/i.test(word));
}

/** COMMAND INFO: the node's answer, in which it knows the subcommands of the design. */
export async function commandInfo(words: readonly string[], design: AtomicDesign, visit: Visit): Promise<ServerReply> {
  const reply = await visit.ask(words);
  if (!Array.isArray(reply)) return again(reply);
  return reply.map((given, index) => {
    const own = SUBCOMMANDS[design].find(([name]) => name === words[index + 2]?.toLowerCase());
    return own === undefined ? again(given) : entry(own);
  });
}

/** INFO: the node's answer with the version of the design. */
export async function info(words: readonly string[], design: AtomicDesign, visit: Visit): Promise<ServerReply> {
  const reply = await visit.ask(words);
  if (typeof reply !== 'string') return again(reply);
  return new VerbatimReply(reply.replace(/redis_version:[^\r\n]*/, VERSIONS[design]));
}
