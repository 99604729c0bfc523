// DEBUG: commands for tests and diagnosis. Subcommands about C structures are not supported.
import type { Args } from '../../exec/command.js';
import { BigNumberReply, BooleanReply, ServerDouble, ErrorReply, MapReply, OK, ServerPush, SetReply, Simple, VerbatimReply } from '../../../resp/server-reply.js';
import type { ServerReply } from '../../../resp/server-reply.js';
import type { CommandResult } from '../../exec/command-of.js';
import { rangedArg } from '../../exec/arguments.js';
import type { CommandContext } from '../../exec/context.js';
import { NO_SUCH_KEY, notSupported, subcommandSyntax } from '../../errors.js';
import { dumpBuffer } from '../../persistence/rdb/dump.js';
import { encodeString, encodingName } from '../../types/value.js';
import { replicationOf } from '../../replication/replication.js';
import { datasetDigest, valueDigest } from './dataset-digest.js';
import { isLocal } from './config.js';

const FORBIDDEN = new ErrorReply(
  'ERR DEBUG command not allowed. If the enable-debug-command option is set to "local", you can run it from a local connection, ' +
    'otherwise you need to set this option in the configuration file, and then restart the server.',
);
/** Bytes of a payload besides the value: type, version and checksum. */
const PAYLOAD_FRAME = 11;

interface DebugSubcommand {
  /** Words of the request, DEBUG and the subcommand included. */
  readonly min: number;
  readonly max: number;
  readonly usage: string;
  readonly summary: string;
  run(ctx: CommandContext, args: Args): CommandResult;
}

const SUBCOMMANDS: Readonly<Record<string, DebugSubcommand>> = {
  'change-repl-id': { min: 2, max: 2, usage: 'CHANGE-REPL-ID', summary: 'Changes the replication ids: replicas must synchronise fully.', run: changeReplicationId },
  digest: { min: 2, max: 2, usage: 'DIGEST', summary: 'Returns a hash of all data, equal where data is equal.', run: ({ keyspace }) => new Simple(datasetDigest(keyspace)) },
  'digest-value': {
    min: 3, max: Infinity, usage: 'DIGEST-VALUE <key> [<key> ...]', summary: 'Returns a hash of each value.',
    run: ({ db }, args) => args.slice(2).map((key) => new Simple(valueDigest(db, key))),
  },
  error: { min: 3, max: 3, usage: 'ERROR <string>', summary: 'Replies with an error of this text.', run: (_ctx, args) => new ErrorReply(args[2]!) },
  loadaof: { min: 2, max: 2, usage: 'LOADAOF', summary: 'Flushes the AOF buffers to disk and loads the AOF again.', run: ({ node }) => node.persistence.reloadAof().then(() => OK) },
  log: {
    min: 3, max: 3, usage: 'LOG <message>', summary: "Writes a line to the node's log.",
    run: ({ node }, args) => {
      node.log.warning(`DEBUG LOG: ${args[2]!}`);
      return OK;
    },
  },
  object: { min: 3, max: 4, usage: 'OBJECT <key>', summary: 'Describes how a value is stored.', run: debugObject },
  populate: { min: 3, max: 5, usage: 'POPULATE <count> [<prefix>] [<size>]', summary: 'Creates string keys named key:<n>.', run: populate },
  protocol: { min: 3, max: 3, usage: 'PROTOCOL <type>', summary: 'Replies with a test value of the type.', run: (_ctx, args) => protocolSample(args[2]!) },
  reload: { min: 2, max: 5, usage: 'RELOAD [option ...]', summary: 'Saves the RDB on disk and loads it again. Options: MERGE, NOFLUSH, NOSAVE.', run: reload },
  segfault: { min: 2, max: 2, usage: 'SEGFAULT', summary: 'Ends the process at once by SIGSEGV, without saving anything.', run: segfault },
  'set-active-expire': {
    min: 3, max: 3, usage: 'SET-ACTIVE-EXPIRE <0|1>', summary: 'Sets whether expired keys are deleted without being accessed.',
    run: ({ node }, args) => {
      node.activeExpiry.enabled = Number.parseInt(args[2]!, 10) === 1;
      return OK;
    },
  },
  sleep: { min: 3, max: 3, usage: 'SLEEP <seconds>', summary: 'Stops the node for a while. Decimals allowed.', run: sleep },
};

export function debug(ctx: CommandContext, args: Args): CommandResult {
  const allowed = ctx.node.config.text('enable-debug-command');
  if (allowed === 'no' || (allowed === 'local' && !isLocal(ctx.client.transport.remote))) throw FORBIDDEN;
  const word = args[1]!.toLowerCase();
  if (word === 'help') return help();
  const subcommand = Object.hasOwn(SUBCOMMANDS, word) ? SUBCOMMANDS[word] : undefined;
  if (!subcommand && ctx.node.commands.lacks(`debug|${word}`)) throw notSupported('debug', word);
  if (!subcommand || args.length < subcommand.min || args.length > subcommand.max) throw subcommandSyntax('debug', args[1]!);
  return subcommand.run(ctx, args);
}

function help(): ServerReply {
  const lines = Object.values(SUBCOMMANDS).flatMap(({ usage, summary }) => [usage, `    ${summary}`]);
  return ['DEBUG <subcommand> [<arg> [value] [opt] ...]. Subcommands are:', ...lines, 'HELP', '    Prints this help.'].map((line) => new Simple(line));
}

/** In the format that clients parse; there are no addresses to show. */
function debugObject({ db, now }: CommandContext, args: Args): ServerReply {
  const key = args[2]!;
  const value = db.lookupWithoutTrace(key);
  if (value === undefined) throw NO_SUCH_KEY;
  const idle = db.idleSeconds(key);
  const lru = (Math.floor(now / 1000) - idle) % (1 << 24);
  const bytes = dumpBuffer(value).length - PAYLOAD_FRAME;
  return new Simple(`Value at:(nil) refcount:1 encoding:${encodingName(value)} serializedlength:${bytes} lru:${lru} lru_seconds_idle:${idle}`);
}

function reload({ node }: CommandContext, args: Args): CommandResult {
  const options = args.slice(2).map((word) => word.toLowerCase());
  if (!options.every((option) => ['merge', 'noflush', 'nosave'].includes(option))) {
    throw new ErrorReply('ERR DEBUG RELOAD only supports the MERGE, NOFLUSH and NOSAVE options.');
  }
  const has = (option: string): boolean => options.includes(option);
  return node.persistence.reload({ save: !has('nosave'), flush: !has('noflush'), merge: has('merge') }).then(() => OK);
}

function changeReplicationId({ node }: CommandContext): ServerReply {
  node.log.notice('Changing replication IDs after receiving change-repl-id');
  replicationOf(node).history.renew();
  return OK;
}

/** Kills the whole process, as in redis-server, also when the node runs in one of its threads. */
function segfault(): ServerReply {
  process.kill(process.pid, 'SIGSEGV');
  // Nothing is replied or written any more: the signal may take a moment to arrive.
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
  return OK;
}

/** Blocks the whole node, also its cluster bus: DEBUG SLEEP is used to simulate a hung node. */
function sleep(_ctx: CommandContext, args: Args): ServerReply {
  const seconds = Number.parseFloat(args[2]!);
  if (seconds > 0) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, seconds * 1000);
  return OK;
}

/**
 * As in Redis, not counted as a change and not propagated. Existing keys are skipped; a size pads or cuts values of the form
 * value:<n>.
 */
function populate({ db }: CommandContext, args: Args): ServerReply {
  const count = rangedArg(args[2], 0, Number.MAX_SAFE_INTEGER);
  const prefix = args[3] ?? 'key';
  const size = args[4] === undefined ? 0 : rangedArg(args[4], 0, 512 * 1024 * 1024);
  for (let i = 0; i < count; i++) {
    const key = `${prefix}:${i}`;
    if (db.lookupWithoutTrace(key) !== undefined) continue;
    const text = `value:${i}`;
    db.store(key, encodeString(size === 0 ? text : text.slice(0, size).padEnd(size, '\0')));
    db.touch(key);
  }
  return OK;
}

function protocolSample(type: string): ServerReply {
  switch (type.toLowerCase()) {
    case 'string': return 'Hello World';
    case 'integer': return 12345;
    case 'double': return new ServerDouble('3.141');
    case 'null': return null;
    case 'array': return [0, 1, 2];
    case 'set': return new SetReply([0, 1, 2]);
    case 'map': return new MapReply([0, new BooleanReply(false), 1, new BooleanReply(true), 2, new BooleanReply(false)]);
    case 'push': return new ServerPush(['server-cpu-usage', 42]);
    case 'verbatim': return new VerbatimReply('This is a verbatim\nstring');
    case 'true': return new BooleanReply(true);
    case 'false': return new BooleanReply(false);
    case 'bignum': return new BigNumberReply('1234567999999999999999999999999999999');
    default:
      throw new ErrorReply('ERR Wrong protocol type name. Please use one of the following: string|integer|double|null|array|set|map|attrib|push|verbatim|true|false');
  }
}
