// The kinds of bad replies, as data: replies of a server that is not a node, is broken, or is malicious.
import type { Socket } from 'node:net';
import { bulk, drip, flood, ID, nodes, ownLine, type Answer, type Behaviour } from './hostile-server.js';

const OTHER = 'b'.repeat(40);
const ESCAPES = '\u001b[2J\u001b]0;owned\u0007\u009b31m';

const reply = (command: string, answer: Answer | ((port: number) => Answer)): Behaviour => ({ answers: { [command]: typeof answer === 'function' && answer.length === 1 ? (port) => (answer as (port: number) => Answer)(port) : () => answer as Answer } });
const always = (answer: Answer): Behaviour => ({ answers: { '': () => answer } });
const said = (bytes: string, end = false): Behaviour => ({
  connection: (socket) => socket.once('data', () => (end ? socket.end(bytes, 'latin1') : socket.write(bytes, 'latin1'))),
});
/** The lines beside the server's own. */
const listing = (...lines: string[]): Behaviour => ({ answers: { 'CLUSTER NODES': (port) => nodes(ownLine(port), ...lines) } });
/** Instead of the server's own. */
const ownListing = (make: (port: number) => string[]): Behaviour => ({ answers: { 'CLUSTER NODES': (port) => nodes(...make(port)) } });
const socketDo = (act: (socket: Socket) => void): Behaviour => ({ answers: { '': () => act } });

const other = (address: string, more = '', flags = 'master', id = OTHER): string => `${id} ${address} ${flags} - 0 1 1 connected${more}`;

/** Connections and framing: no command is ever answered in order. */
const framing: readonly (readonly [string, Behaviour])[] = [
  ['never answers', { connection: () => undefined }],
  ['hangs up at once', { connection: (socket) => socket.destroy() }],
  ['hangs up after the request', { connection: (socket) => socket.once('data', () => socket.end()) }],
  ['resets in the middle of a reply', socketDo((socket) => socket.write('$100\r\nabc', () => socket.resetAndDestroy()))],
  ['closes in the middle of a bulk', said('$100\r\nabc', true)],
  ['closes in the middle of an array', said('*3\r\n$1\r\na\r\n', true)],
  ['answers HTML', said('HTTP/1.1 400 Bad Request\r\nContent-Type: text/html\r\n\r\n<html></html>', true)],
  ['answers TLS', said('\x15\x03\x01\x00\x02\x02\x46', true)],
  ['answers as SSH does', said('SSH-2.0-OpenSSH_9.6\r\n')],
  ['answers escapes', said(`${ESCAPES}\r\n`)],
  ['answers binary noise', said(Array.from({ length: 4096 }, (_, at) => String.fromCharCode((at * 7919) & 255)).join(''))],
  ['sends a bulk one byte a while', { connection: (socket) => socket.once('data', () => drip('x', 100, '$100000\r\n')(socket)) }],
  ['sends a line one byte a while', { connection: (socket) => socket.once('data', () => drip('x', 100, '+')(socket)) }],
  ['sends a line without end', { connection: (socket) => socket.once('data', () => flood('x', '+')(socket)) }],
  ['sends a length without end', { connection: (socket) => socket.once('data', () => flood('9', '$')(socket)) }],
  ['sends an integer of a megabyte', said(`:${'9'.repeat(1_000_000)}\r\n`)],
  ['sends a big number of a megabyte', said(`(${'9'.repeat(1_000_000)}\r\n`)],
  ['announces a bulk of a terabyte', said('$1099511627776\r\n')],
  ['announces a bulk of a negative length', said('$-2\r\n')],
  ['announces a bulk of no number', said('$1e9\r\n')],
  ['announces an array of a negative length', said('*-7\r\n')],
  ['announces an array of 2^31 elements', { connection: (socket) => socket.once('data', () => flood(':1\r\n', '*2147483647\r\n')(socket)) }],
  ['announces a map of 2^53 entries', said('%9007199254740991\r\n')],
  ['nests arrays without end', { connection: (socket) => socket.once('data', () => flood('*1\r\n')(socket)) }],
  ['nests wide arrays without end', { connection: (socket) => socket.once('data', () => flood('*1000000\r\n')(socket)) }],
  ['sends numbers for ever', { connection: (socket) => socket.once('data', () => flood(':1\r\n', '*?\r\n')(socket)) }],
  ['sends errors for ever in one array', { connection: (socket) => socket.once('data', () => flood('-E\r\n', '*?\r\n')(socket)) }],
  ['sends pieces of a text for ever', { connection: (socket) => socket.once('data', () => flood(';4\r\nabcd\r\n', '$?\r\n')(socket)) }],
  ['sends attributes for ever', { connection: (socket) => socket.once('data', () => flood('|1\r\n+a\r\n:1\r\n')(socket)) }],
  ['sends pushes for ever', { connection: (socket) => socket.once('data', () => flood('>2\r\n+message\r\n+x\r\n')(socket)) }],
  ['sends keys of a map that are maps', said('%1\r\n%1\r\n+a\r\n:1\r\n:2\r\n')],
  ['ends a bulk with other bytes', said('$3\r\nabcXY')],
  ['ends an aggregate that never began', said('.\r\n')],
  ['sends a chunk of a text that never began', said(';3\r\nabc\r\n')],
  ['greets with an error and hangs up', { connection: (socket) => void socket.end(`-DENIED Redis is running in protected mode ${ESCAPES}\r\n`, 'latin1') }],
];

/** Whole replies, but of the wrong kind or with bad content, for all commands. */
const wrongAlways: readonly (readonly [string, Behaviour])[] = [
  ['answers OK to everything', always('+OK\r\n')],
  ['answers nil to everything', always('$-1\r\n')],
  ['answers a number to everything', always(':42\r\n')],
  ['answers an empty array to everything', always('*0\r\n')],
  ['answers an empty text to everything', always('$0\r\n\r\n')],
  ['answers a map to everything', always('%1\r\n+a\r\n+b\r\n')],
  ['answers an error with escapes to everything', always(`-ERR ${ESCAPES} ${'x'.repeat(200)}\r\n`)],
  ['answers an error of several lines to everything', always(`!${18}\r\nERR a\r\n[OK] forged\r\n`)],
  ['answers an empty error to everything', always('-\r\n')],
  ['moves every command to itself', { answers: { '': (port) => `-MOVED 0 127.0.0.1:${port}\r\n` } }],
  ['moves every command to a port that there is not', always('-MOVED 99999 127.0.0.1:99999\r\n')],
  ['asks for a password', always('-NOAUTH Authentication required.\r\n')],
  ['permits nothing', always("-NOPERM this user has no permissions to run the 'info' command\r\n")],
  ['is loading for ever', always('-LOADING Redis is loading the dataset in memory\r\n')],
  ['is busy for ever', always('-BUSY Redis is busy running a script.\r\n')],
];

/** One command answered with another type or with bad content. */
const wrongOnce: readonly (readonly [string, Behaviour])[] = ['INFO', 'CLUSTER NODES', 'CLUSTER INFO', 'CLUSTER MYID', 'CONFIG GET', 'COMMAND', 'DBSIZE', 'SCAN'].flatMap((command): [string, Behaviour][] => [
  [`answers a number to ${command}`, reply(command, ':7\r\n')],
  [`answers nested arrays to ${command}`, reply(command, '*2\r\n*1\r\n$-1\r\n%1\r\n:1\r\n*0\r\n')],
  [`answers 9e99 and __proto__ to ${command}`, reply(command, bulk('__proto__:1\r\nconstructor:9e99\r\nredis_version:9e99\r\ncluster_enabled:1\r\nused_memory:-5\r\nrole:\u001b[2J\r\n'))],
]);

const listings: readonly (readonly [string, Behaviour])[] = [
  ['lists nothing', ownListing(() => [''])],
  ['lists a line of no fields', listing('x')],
  ['lists a line of blanks', listing('          ')],
  ['lists a line of ten megabytes', listing(`${OTHER} ${'x'.repeat(10_000_000)}`)],
  ['lists no line about itself', ownListing((port) => [ownLine(port, ' 0-16383', 'master')])],
  ['lists two lines about itself', ownListing((port) => [ownLine(port), ownLine(port).replace(ID, OTHER)])],
  ['lists the same id twice', listing(other('127.0.0.1:1@10001', '', 'master', ID), other('127.0.0.1:2@10002', '', 'slave', ID))],
  ['lists slot 99999', ownListing((port) => [ownLine(port, ' 0-99999')])],
  ['lists slots backwards', ownListing((port) => [ownLine(port, ' 200-100')])],
  ['lists slots that are no numbers', ownListing((port) => [ownLine(port, ' a-b -1 1e3')])],
  ['lists open slots with bad ids', ownListing((port) => [ownLine(port, ` 0-16383 [5->-${ESCAPES}] [99999-<-${OTHER}]`)])],
  ['lists open slots of nodes that there are not', ownListing((port) => [ownLine(port, ` 0-16383 [5->-${OTHER}] [6-<-${OTHER}]`)])],
  ['lists every slot as open', ownListing((port) => [ownLine(port, ` 0-16383 ${Array.from({ length: 16_384 }, (_, slot) => `[${slot}->-${OTHER}]`).join(' ')}`)])],
  ['lists ids with escapes', listing(other('127.0.0.1:1@10001', '', 'master', ESCAPES))],
  ['lists an id of a megabyte', listing(other('127.0.0.1:1@10001', '', 'master', 'c'.repeat(1_000_000)))],
  ['lists flags with escapes', ownListing((port) => [ownLine(port, ' 0-16383', `myself,master,${ESCAPES}`)])],
  ['lists port 0', listing(other('127.0.0.1:0@0'))],
  ['lists port 99999', listing(other('127.0.0.1:99999@10000'))],
  ['lists port -1', listing(other('127.0.0.1:-1@10000'))],
  ['lists a port in hexadecimal', listing(other('127.0.0.1:0x10@10000'))],
  ['lists a host with escapes', listing(other(`${ESCAPES}:7000@17000`, ' 0-5'))],
  ['lists a host with a carriage return', listing(other('a\r[OK]:7000@17000', ' 0-5'))],
  ['lists a host that is an option', listing(other('-oProxyCommand=reboot:7000@17000', ' 0-5'))],
  ['lists a host that is a command', listing(other('$(reboot):7000@17000', ' 0-5'))],
  ['lists a host name of 100,000 letters', listing(other(`${'h'.repeat(100_000)}:7000@17000`))],
  ['lists a host that leads out of a folder', listing(other('../../../tmp/x:7000@17000', ' 0-5'))],
  ['lists an announced name with escapes', listing(other(`127.0.0.1:1@10001,${ESCAPES},shard-id=${ESCAPES}`))],
  ['lists itself as its own replica', ownListing((port) => [ownLine(port, '', 'myself,slave').replace(' - ', ` ${ID} `)])],
  ['lists replicas in a circle', listing(other('127.0.0.1:1@10001', '', 'slave').replace(' - ', ` ${'c'.repeat(40)} `), other('127.0.0.1:2@10002', '', 'slave', 'c'.repeat(40)).replace(' - ', ` ${OTHER} `))],
  ['lists an epoch of Infinity', ownListing((port) => [ownLine(port).replace(' 0 1 1 ', ' 0 1 Infinity ')])],
  ['lists times that are words', ownListing((port) => [ownLine(port).replace(' 0 1 1 ', ' now then 1 ')])],
  ['lists NUL bytes', ownListing((port) => [ownLine(port).replaceAll('connected', '\0\0\0')])],
  ['lists two hundred nodes that answer as another', { answers: { 'CLUSTER NODES': (port) => nodes(ownLine(port), ...Array.from({ length: 200 }, (_, at) => other(`127.0.0.1:${port}@1`, '', 'master', at.toString(16).padStart(40, 'd')))) } }],
  ['lists three thousand failed nodes', { answers: { 'CLUSTER NODES': (port) => nodes(ownLine(port), ...Array.from({ length: 3000 }, (_, at) => other(`10.0.${at >> 8}.${at & 255}:7000@17000`, '', 'master,fail', at.toString(16).padStart(40, 'd')))) } }],
  ['takes a minute between its lines', { answers: { 'CLUSTER NODES': () => drip('a', 100, '$50000\r\n') } }],
];

/** Every kind of bad reply by what the server does. */
export const BAD_REPLIES: readonly (readonly [string, Behaviour])[] = [...framing, ...wrongAlways, ...wrongOnce, ...listings];
