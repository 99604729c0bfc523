// What a command of an append-only file touches: its keys by position, a whole database, or nothing. Such files contain only
// commands that change data (persistence-replication.md 3.1, 4.8). Pure.

import { slotCommand, type SlotCommand } from './slot-command.js';

export type CommandScope =
  /**
   * `keys`: positions of the words that are keys. `split`: the command may be divided by keys with the same effect; the value
   * is the number of words per key (DEL 1, MSET 2).
   */
  | { readonly kind: 'keys'; readonly keys: readonly number[]; readonly split?: 1 | 2 }
  | { readonly kind: 'select'; readonly database: number }
  | { readonly kind: 'multi' | 'exec' | 'flush-all' | 'flush-database' }
  | SlotCommand
  /** No key and no effect on data: PING, function libraries. */
  | { readonly kind: 'nothing' }
  /**
   * A command whose effect is not limited to the keys it names. `unknown`: its name is not known, so the file may be damaged
   * there.
   */
  | { readonly kind: 'refused'; readonly reason: string; readonly unknown?: true };

const words = (text: string): readonly string[] => text.split(/\s+/);

/** Commands whose only key is the first argument. */
const FIRST_KEY: ReadonlySet<string> = new Set(
  words(`APPEND BITFIELD DECR DECRBY EXPIRE EXPIREAT GEOADD GETDEL GETEX GETSET HDEL HGETDEL HGETEX HINCRBY HINCRBYFLOAT HMSET HSET HSETEX HSETNX
  HEXPIRE HEXPIREAT HPEXPIRE HPEXPIREAT HPERSIST INCR INCRBY INCRBYFLOAT LINSERT LPOP LPUSH LPUSHX LREM LSET LTRIM PERSIST PEXPIRE PEXPIREAT PFADD
  PSETEX RESTORE RESTORE-ASKING RPOP RPUSH RPUSHX SADD SET SETBIT SETEX SETNX SETRANGE SPOP SREM XACK XACKDEL XADD XAUTOCLAIM XCLAIM XDEL XDELEX XSETID
  XTRIM ZADD ZINCRBY ZPOPMAX ZPOPMIN ZREM ZREMRANGEBYLEX ZREMRANGEBYRANK ZREMRANGEBYSCORE DELIFEQ`),
);
/** The first two arguments are keys. */
const TWO_KEYS: ReadonlySet<string> = new Set(words('RENAME RENAMENX RPOPLPUSH LMOVE SMOVE COPY GEOSEARCHSTORE ZRANGESTORE BRPOPLPUSH BLMOVE'));
/** All arguments are keys. */
const ALL_KEYS: ReadonlySet<string> = new Set(words('PFMERGE SDIFFSTORE SINTERSTORE SUNIONSTORE'));
/** All arguments are keys, and the effect on each key is independent of the others. */
const EACH_KEY: ReadonlySet<string> = new Set(words('DEL UNLINK TOUCH'));
/** One destination, and as many keys as the second argument says. */
const STORES: ReadonlySet<string> = new Set(words('ZUNIONSTORE ZINTERSTORE ZDIFFSTORE'));
/** A script or function, and as many keys as the second argument says. */
const SCRIPTS: ReadonlySet<string> = new Set(words('EVAL EVALSHA FCALL'));
const NOTHING: ReadonlySet<string> = new Set(words('PING REPLCONF PUBLISH SPUBLISH FUNCTION SCRIPT'));

const UNKNOWN: CommandScope = { kind: 'refused', reason: 'the command is not known', unknown: true };

const REFUSED: ReadonlyMap<string, string> = new Map([
  ['SWAPDB', 'it exchanges whole databases'],
  ['MOVE', 'it moves a key to another database'],
]);

function range(first: number, end: number, step = 1): number[] {
  const positions: number[] = [];
  for (let at = first; at < end; at += step) positions.push(at);
  return positions;
}

function counted(command: readonly string[], others: readonly number[]): CommandScope {
  const count = Number(command[2]);
  if (!Number.isInteger(count) || count < 0 || 3 + count > command.length) return { kind: 'refused', reason: 'its number of keys is invalid' };
  return { kind: 'keys', keys: [...others, ...range(3, 3 + count)] };
}

/** SORT and GEORADIUS name the destination key after the word STORE or STOREDIST. */
function storing(command: readonly string[]): CommandScope {
  const at = command.findIndex((word, index) => index > 1 && /^store(dist)?$/i.test(word));
  return at < 0 || at + 1 >= command.length ? { kind: 'nothing' } : { kind: 'keys', keys: [1, at + 1] };
}

function otherScope(name: string, command: readonly string[]): CommandScope {
  switch (name) {
    case 'MSET':
    case 'MSETNX': // Only a successful MSETNX is in the file, so it may be split like MSET.
      return { kind: 'keys', keys: range(1, command.length, 2), split: 2 };
    case 'BITOP':
      return { kind: 'keys', keys: range(2, command.length) };
    case 'XGROUP':
      return { kind: 'keys', keys: [2] };
    case 'SORT':
    case 'GEORADIUS':
    case 'GEORADIUSBYMEMBER':
      return storing(command);
    case 'SELECT':
      return /^\d{1,5}$/.test(command[1] ?? '') ? { kind: 'select', database: Number(command[1]) } : { kind: 'refused', reason: 'its database number is invalid' };
    case 'MULTI':
      return { kind: 'multi' };
    case 'EXEC':
      return { kind: 'exec' };
    case 'FLUSHALL':
      return { kind: 'flush-all' };
    case 'FLUSHDB':
      return { kind: 'flush-database' };
    case 'CLUSTER':
      return slotCommand(command) ?? UNKNOWN;
    default: {
      const reason = REFUSED.get(name);
      return reason === undefined ? UNKNOWN : { kind: 'refused', reason };
    }
  }
}

/** `command`: the words of the command; its name in upper or lower case. */
export function commandScope(command: readonly string[]): CommandScope {
  const name = (command[0] ?? '').toUpperCase();
  const { length } = command;
  const known = FIRST_KEY.has(name) ? 1 : TWO_KEYS.has(name) ? 2 : 0;
  if (known > 0) return length > known ? { kind: 'keys', keys: range(1, known + 1) } : { kind: 'refused', reason: 'a key is missing' };
  if (EACH_KEY.has(name)) return { kind: 'keys', keys: range(1, length), split: 1 };
  if (ALL_KEYS.has(name)) return { kind: 'keys', keys: range(1, length) };
  if (STORES.has(name)) return counted(command, [1]);
  if (SCRIPTS.has(name)) {
    const scope = counted(command, []);
    return scope.kind === 'keys' && scope.keys.length === 0 ? { kind: 'refused', reason: 'a script without keys may touch any key' } : scope;
  }
  if (NOTHING.has(name)) return { kind: 'nothing' };
  return otherScope(name, command);
}
