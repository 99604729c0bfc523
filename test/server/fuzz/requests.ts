// Fuzzed requests: valid commands with arguments of any kind, damaged RESP, huge lengths, deep nesting, inline garbage.
import { encodeCommand } from '../../../src/resp/command.js';
import type { Command } from '../../../src/server/exec/command.js';
import { GENERATORS } from '../../parity/generated.js';
import type { Draw } from '../../parity/generated.js';
import { readLine } from '../../parity/lines.js';
import type { Words } from './words.js';

/** Left out, because they end or stop the node, connect to other machines, change who may connect, or delay all clients. */
const LEFT_OUT = new Set(['shutdown', 'debug', 'migrate', 'cluster|meet', 'client|pause', 'config|rewrite', 'config|resetstat']);
/** CONFIG SET of these would make all later requests fail, or affect the machine. */
const FIXED = new Set([
  'requirepass', 'maxmemory', 'maxmemory-clients', 'maxclients', 'dir', 'port', 'bind', 'proto-max-bulk-len', 'client-query-buffer-limit', 'timeout',
  'cluster-announce-ip', 'cluster-port', 'logfile', 'client-output-buffer-limit', 'enable-debug-command', 'rename-command', 'unixsocket', 'tls-port',
]);

const FAMILIES = [
  ['string', GENERATORS['strings']!], ['list', GENERATORS['lists']!], ['hash', GENERATORS['hashes']!], ['set', GENERATORS['sets']!],
  ['sorted-set', GENERATORS['sorted sets']!], ['sorted-set', GENERATORS['sets in byte order']!],
] as const;
const TYPED = new Set<string>(FAMILIES.map(([family]) => family));

/** All commands with the subcommands of containers, weighted: those on data are more frequent. */
export function callable(all: readonly Command[]): Command[] {
  const flat = all.flatMap((one) => (one.subcommands === null ? [one] : [...one.subcommands.values()]));
  return flat.filter(({ fullName }) => !LEFT_OUT.has(fullName)).flatMap((one) => (one.hasKeys ? [one, one, one, one] : [one]));
}

/** A request of a known command, mostly with a number of arguments that it accepts. */
export function validRequest(words: Words, commands: readonly Command[]): string[] {
  const command = words.of(commands);
  const request = command.fullName.split('|');
  const { arity } = command.spec;
  const count = words.below(20) === 0 ? words.below(12) : Math.abs(arity) + (arity < 0 ? words.below(6) : 0);
  const fill = (): string => words.word(command.fullName);
  while (request.length < count) request.push(fill());
  for (const { begin } of command.spec.keys ?? []) {
    if (begin && 'index' in begin && begin.index < request.length && words.below(10) > 0) request[begin.index] = words.key(TYPED.has(command.spec.group) ? command.spec.group : undefined);
  }
  if (command.fullName.startsWith('restore') && request.length > 3) {
    request[2] = words.of(['0', '0', '100000', '-1']);
    request[3] = words.payload();
    request[4] = 'REPLACE';
  }
  if (command.fullName === 'config|set') for (let i = 2; i < request.length; i++) if (FIXED.has(request[i]!.toLowerCase())) request[i] = 'hz';
  if (words.below(500) === 0) for (let more = words.below(2000); more > 0; more--) request.push(fill());
  return request;
}

/** A request of the parity tests' generators, on keys of its type; every second one has a word changed. */
export function plausibleRequest(words: Words, draw: Draw): string[] {
  const [family, templates] = words.of(FAMILIES);
  const request = readLine(words.of(templates)(draw)).args.map((word) => (/^k\d$/.test(word) ? words.key(words.below(20) === 0 ? undefined : family) : word));
  if (words.below(2) === 0 && request.length > 1) request[1 + words.below(request.length - 1)] = words.word(request[0]!.toLowerCase());
  return request;
}

/** Requests that random generation would hardly ever produce. */
const SPECIAL = [
  'HELLO 3', 'HELLO 3', 'HELLO 2', 'HELLO 3 SETNAME x', 'CLIENT TRACKING ON', 'CLIENT TRACKING ON BCAST PREFIX {t}s NOLOOP', 'CLIENT TRACKING ON OPTIN',
  'CLIENT TRACKING OFF', 'CLIENT CACHING YES', 'CLIENT REPLY SKIP', 'CLIENT REPLY OFF', 'CLIENT REPLY ON', 'CLIENT KILL ID 7', 'CLIENT KILL TYPE pubsub',
  'CLIENT UNBLOCK 5', 'CLIENT LIST TYPE normal', 'MONITOR', 'RESET', 'SWAPDB 0 1', 'SELECT 1', 'SELECT 0', 'MULTI', 'EXEC', 'WATCH {t}string0 {t}list1', 'DISCARD',
  'BLMPOP 0.01 2 {t}list0 {t}list9 LEFT COUNT 100', 'BLPOP {t}list0 {t}nolist 0', 'BLMOVE {t}list1 {t}list2 LEFT RIGHT 0', 'BZMPOP 0 1 {t}sorted-set0 MIN',
  'BZPOPMIN {t}sorted-set1 {t}nozset 0', 'SUBSCRIBE a b', 'PSUBSCRIBE *', 'SSUBSCRIBE {t}', 'UNSUBSCRIBE', 'PUBLISH a m', 'SPUBLISH {t} m',
  'CONFIG SET notify-keyspace-events KEA', 'CONFIG SET notify-keyspace-events ""', 'CONFIG SET slowlog-log-slower-than 0 slowlog-max-len 5',
  'CONFIG SET latency-monitor-threshold 1', 'CONFIG SET hash-max-listpack-entries 4 zset-max-listpack-entries 4 set-max-intset-entries 4',
  'CONFIG SET list-max-listpack-size 1', 'CONFIG GET *', 'COMMAND', 'COMMAND DOCS', 'COMMAND GETKEYS SORT a BY b STORE c', 'LATENCY GRAPH command', 'INFO all',
  'SLOWLOG GET 100', 'ASKING', 'READONLY', 'CLUSTER NODES', 'CLUSTER SHARDS', 'CLUSTER SETSLOT 5 STABLE', 'CLUSTER DELSLOTS 7', 'CLUSTER ADDSLOTS 7',
  'CLUSTER BUMPEPOCH', 'CLUSTER LINKS', 'CLUSTER SAVECONFIG', 'SCAN 0 COUNT 1000 MATCH *', 'DEBUG DIGEST', 'DEBUG POPULATE 100', 'KEYS *', 'RANDOMKEY',
].map((text) => readLine(text).args);

/** One of SPECIAL, now and then with a word changed. */
export function specialRequest(words: Words): string[] {
  const request = [...words.of(SPECIAL)];
  if (words.below(8) === 0 && request.length > 1 && request[0] !== 'DEBUG') request[1 + words.below(request.length - 1)] = words.word(request[0]!.toLowerCase());
  return LEFT_OUT.has(request.slice(0, 2).join('|').toLowerCase()) ? ['PING'] : request;
}

/** A whole transaction. */
export function transaction(words: Words, draw: Draw, commands: readonly Command[]): string[][] {
  const queued = Array.from({ length: words.below(8) }, () => (words.below(3) === 0 ? validRequest(words, commands) : plausibleRequest(words, draw)));
  return [['MULTI'], ...queued, [words.below(10) === 0 ? 'DISCARD' : 'EXEC']];
}

/** Bytes of a request or of several, broken somewhere. */
export function brokenBytes(words: Words, commands: readonly Command[]): string {
  let bytes = '';
  for (let more = 1 + words.below(3); more > 0; more--) bytes += encodeCommand(validRequest(words, commands));
  for (let cuts = 1 + words.below(4); cuts > 0; cuts--) {
    const at = words.below(bytes.length + 1);
    const put = words.of(['', words.bytes(1), words.of(['0', '9', '-', '\r', '\n', '*', '$', '\0', '"', "'"]), String(words.below(1e9)), bytes.slice(0, words.below(40))]);
    bytes = bytes.slice(0, at) + put + bytes.slice(at + words.below(3));
  }
  return bytes;
}

/** Bytes that no client sends. */
export function garbage(words: Words): string {
  switch (words.below(8)) {
    case 0: return `${words.bytes(words.below(200))}\r\n`;
    case 1: return '*1\r\n'.repeat(1 + words.below(3000));
    case 2: return `*${words.of(['2147483647', '1048577', '-1', '0', '99999999999999999999', '1e3', ''])}\r\n$3\r\nGET\r\n`;
    case 3: return `*2\r\n$3\r\nGET\r\n$${words.of(['536870912', '536870888', '4294967296', '-1', '-2147483648', '07', ''])}\r\nabc`;
    case 4: return `${'x'.repeat(words.below(80_000))}${words.of(['', '\r\n', '\n'])}`;
    case 5: return `SET ${words.key()} "${words.bytes(words.below(30))}${words.of(['"', '', '"x'])}\r\n`;
    case 6: return `GET '${words.bytes(words.below(30))}'\r\n`;
    default: return '$0\r\n\r\n'.repeat(words.below(30));
  }
}
