// Every error text that clients may match, exactly as Redis 7.0 sends it (persistence-replication.md 5.8).
import { ErrorReply } from '../resp/server-reply.js';

const err = (text: string): ErrorReply => new ErrorReply(text);

export const WRONGTYPE = err('WRONGTYPE Operation against a key holding the wrong kind of value');
export const SYNTAX = err('ERR syntax error');
export const NOT_INTEGER = err('ERR value is not an integer or out of range');
export const NOT_FLOAT = err('ERR value is not a valid float');
export const NO_SUCH_KEY = err('ERR no such key');
export const INDEX_RANGE = err('ERR index out of range');
export const OFFSET_RANGE = err('ERR offset is out of range');
export const NOT_POSITIVE = err('ERR value is out of range, must be positive');
export const DB_RANGE = err('ERR DB index is out of range');
export const TOO_LONG = err('ERR string exceeds maximum allowed size (proto-max-bulk-len)');
export const OVERFLOW = err('ERR increment or decrement would overflow');
export const NAN_INCREMENT = err('ERR increment would produce NaN or Infinity');
export const SAME_OBJECT = err('ERR source and destination objects are the same');
export const NUMKEYS = err('ERR numkeys should be greater than 0');
export const NOAUTH = err('NOAUTH Authentication required.');
export const EXECABORT = err('EXECABORT Transaction discarded because of previous errors.');
export const OOM = err("OOM command not allowed when used memory > 'maxmemory'.");
export const READONLY = err("READONLY You can't write against a read only replica.");
export const NOREPLICAS = err('NOREPLICAS Not enough good replicas to write.');
export const MASTERDOWN = err("MASTERDOWN Link with MASTER is down and replica-serve-stale-data is set to 'no'.");
export const REPLICA_KEYSPACE = err("ERR Replica can't interact with the keyspace");
export const LOADING = err('LOADING Redis is loading the dataset in memory');
export const NO_CLUSTER = err('ERR This instance has cluster support disabled');
export const TIMEOUT_NEGATIVE = err('ERR timeout is negative');
export const TIMEOUT_NOT_FLOAT = err('ERR timeout is not a float or out of range');
export const TIMEOUT_NOT_INTEGER = err('ERR timeout is not an integer or out of range');
export const INVALID_CURSOR = err('ERR invalid cursor');

/** `fullName` is the lower-case name, subcommands as `config|get`. */
export const wrongArity = (fullName: string): ErrorReply =>
  err(`ERR wrong number of arguments for '${fullName}' command`);

export const invalidExpire = (command: string): ErrorReply =>
  err(`ERR invalid expire time in '${command.toLowerCase()}' command`);

export const unknownSubcommand = (container: string, given: string): ErrorReply =>
  err(`ERR unknown subcommand '${given.slice(0, 128)}'. Try ${container.toUpperCase()} HELP.`);

/** Some containers reject an unknown subcommand and a wrong number of words with the same text, after the arity check. */
export const subcommandSyntax = (container: string, given: string): ErrorReply =>
  err(`ERR unknown subcommand or wrong number of arguments for '${given.slice(0, 128)}'. Try ${container.toUpperCase()} HELP.`);

/** A command of Redis 7.0 that this node lacks; `words` is its name, with its subcommand if any. */
export const notSupported = (...words: readonly string[]): ErrorReply =>
  err(`ERR ${words.join(' ').toUpperCase()} is not supported by the bundled node yet`);

/** The list of arguments is cut as in Redis: no further one is started after 128 bytes. */
export function unknownCommand(args: readonly string[]): ErrorReply {
  let shown = '';
  for (let i = 1; i < args.length && shown.length < 128; i++) {
    shown += `'${args[i]!.slice(0, 128 - shown.length)}' `;
  }
  return err(`ERR unknown command '${args[0]!.slice(0, 128)}', with args beginning with: ${shown}`);
}
