// REPLCONF: the announcements of a replica before it synchronises, and its acknowledgements afterwards
// (persistence-replication.md 4.2).
import { splitLine } from '../../resp/inline.js';
import { ErrorReply, NO_REPLY, OK } from '../../resp/server-reply.js';
import type { ServerReply } from '../../resp/server-reply.js';
import { SYNTAX } from '../errors.js';
import { int64Arg, rangedArg } from '../exec/arguments.js';
import type { Client } from '../exec/client.js';
import type { Announcement } from './attached-replica.js';
import type { Replication } from './replication.js';

const NOT_ZERO_OR_ONE = new ErrorReply('ERR value is out of range, value must between 0 and 1');
/** Bytes of an announced address. */
const MAX_IP = 255;

/** Runs `REPLCONF option value …`; throws the ErrorReply for an invalid option. ACK and GETACK get no reply. */
export function replconf(replication: Replication, client: Client, args: readonly string[]): ServerReply {
  if (args.length % 2 === 0) throw SYNTAX;
  const announced = replication.masterSide.announcement(client);
  for (let i = 1; i < args.length; i += 2) {
    const [option, value] = [args[i]!.toLowerCase(), args[i + 1]!];
    if (option === 'ack') {
      acknowledge(replication, client, value);
      return NO_REPLY;
    }
    if (option === 'getack') {
      replication.following?.acknowledge();
      return NO_REPLY;
    }
    announce(announced, option, value, args[i]!);
  }
  return OK;
}

function acknowledge(replication: Replication, client: Client, value: string): void {
  if (client.role !== 'replica' || !/^\d{1,15}$/.test(value)) return;
  replication.acknowledged(client, Number(value));
}

function announce(announced: Announcement, option: string, value: string, given: string): void {
  if (option === 'listening-port') announced.port = Number(int64Arg(value));
  else if (option === 'ip-address') {
    if (value.length > MAX_IP) throw new ErrorReply(`ERR REPLCONF ip-address provided by replica instance is too long: ${value.length} bytes`);
    announced.ip = value;
  } else if (option === 'capa') {
    if (value.toLowerCase() === 'eof') announced.eof = true;
    else if (value.toLowerCase() === 'psync2') announced.psync2 = true;
  } else if (option === 'rdb-only') announced.rdbOnly = rangedArg(value, 0, 1, NOT_ZERO_OR_ONE) === 1;
  else if (option === 'rdb-filter-only') filter(announced, value);
  else if (option !== 'version') throw new ErrorReply(`ERR Unrecognized REPLCONF option: ${given}`);
}

/** Excludes everything that is not named (rdb-filter-only). */
function filter(announced: Announcement, value: string): void {
  const words = splitLine(value);
  if (words === null) throw new ErrorReply('ERR Missing rdb-filter-only values');
  for (const word of words) if (word.toLowerCase() !== 'functions') throw new ErrorReply(`ERR Unsupported rdb-filter-only option: ${word}`);
  announced.withoutData = true;
  announced.withoutFunctions = words.length === 0;
}
