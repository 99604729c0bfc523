// Turns socket, TLS and authentication failures into TribErrors a person can act on. Not here: the connection itself.
import { ExitCode, TribError } from '../errors.js';
import type { ReplyError } from '../resp/reply.js';

/**
 * The connection broke, timed out or was closed while a command was to be answered. `executed` says what is known about
 * the command: 'no' when it never left this process, 'unknown' when the server may have run it.
 */
export class ConnectionLost extends TribError {
  constructor(
    code: string,
    message: string,
    readonly executed: 'no' | 'unknown',
    details: { hint?: string; cause?: unknown; exitCode?: number } = {},
  ) {
    super(code, message, { exitCode: ExitCode.unreachable, ...details });
    this.name = 'ConnectionLost';
  }
}

/** `host:port`, with brackets around IPv6 addresses. */
export function addressText(host: string, port: number): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}

const REASONS: Readonly<Record<string, readonly [reason: string, hint: string]>> = {
  ECONNREFUSED: ['Connection refused', 'is the server running, and is this its port?'],
  ENOTFOUND: ['Name or service not known', 'check the spelling of the host name'],
  EAI_AGAIN: ['Temporary failure in name resolution', 'check the name server, or use an IP address'],
  ETIMEDOUT: ['Connection timed out', 'check the address and the firewall'],
  EHOSTUNREACH: ['No route to host', 'check the address and the network'],
  ENETUNREACH: ['Network is unreachable', 'check the address and the network'],
  ECONNRESET: ['Connection reset by peer', 'does the server expect TLS, or has it just stopped?'],
  EPIPE: ['Broken pipe', 'the server closed the connection'],
};

function codeOf(error: unknown): string {
  if (error instanceof AggregateError && error.errors.length > 0) return codeOf(error.errors[0]);
  if (typeof error === 'object' && error !== null && 'code' in error && typeof error.code === 'string') return error.code;
  return 'CONNECTION';
}

function isTlsCode(code: string): boolean {
  return /CERT|SSL|TLS|SELF_SIGNED|UNABLE_TO|ALTNAME/.test(code);
}

/** OpenSSL's words for an answer that is no TLS at all: the server reads our handshake as a command, and complains in clear. */
const NOT_TLS = /wrong version number|unknown protocol|packet length too long|record layer failure|http request/i;

/** The reason in `…:error:0A00010B:SSL routines:ssl3_get_record:wrong version number:….c:350:\n`. */
function plainText(text: string): string {
  return (/:SSL routines:[^:]*:([^:]+)/.exec(text)?.[1] ?? text).trim();
}

/** What to throw when no connection came about. */
export function connectFailure(host: string, port: number, cause: unknown, overTls: boolean): TribError {
  const code = codeOf(cause);
  const text = cause instanceof Error ? cause.message : String(cause);
  const deaf = overTls && NOT_TLS.test(text);
  const [reason, hint] = deaf ? ['the answer is no TLS'] : (REASONS[code] ?? [plainText(text), undefined]);
  const tlsHint = deaf ? 'is TLS on at that port? try without --tls' : 'check the CA (--cacert), the host name in the certificate (--sni) or use --insecure';
  const why = overTls && (deaf || isTlsCode(code) || code === 'EPROTO') ? tlsHint : hint;
  return new TribError(code, `Could not connect to Redis at ${addressText(host, port)}: ${reason}`, {
    exitCode: ExitCode.unreachable,
    cause: plainText(text) === text ? cause : new Error(plainText(text), { cause }),
    ...(why === undefined ? {} : { hint: why }),
  });
}

/** Beginnings of what others than Redis say, and what they are. */
const STRANGERS: readonly (readonly [start: RegExp, what: string, hint: string])[] = [
  [/^(HTTP\/\d|\s*<(!doctype|html|head|\?xml))/i, 'a web server answers there', 'give the address and port that the Redis or Valkey node listens on'],
  [/^[\x14-\x17]\x03/, 'it speaks TLS', 'switch TLS on (--tls, with --cacert or --insecure as needed)'],
  [/^SSH-/, 'an SSH server answers there', 'give the address and port that the Redis or Valkey node listens on'],
];

/** What to reject with when bytes came that are no RESP. `opening`: the very first bytes heard, null when replies came before. */
export function noRedis(host: string, port: number, opening: string | null, error: unknown): ConnectionLost {
  const where = addressText(host, port);
  const text = error instanceof Error ? error.message : 'then hung up';
  if (opening === null) {
    const hint = error instanceof TribError && error.hint !== undefined ? { hint: error.hint } : {};
    return new ConnectionLost('PROTOCOL', `${where}: ${text}`, 'unknown', { cause: error, ...hint });
  }
  const known = STRANGERS.find(([start]) => start.test(opening));
  const said = JSON.stringify(opening.split(/[\r\n]/, 1)[0]?.slice(0, 60) ?? '');
  const what = known?.[1] ?? `it answered ${said} (${text})`;
  return new ConnectionLost('PROTOCOL', `${where} is no Redis or Valkey port: ${what}`, 'unknown', {
    ...(error === undefined ? {} : { cause: error }),
    hint: known?.[2] ?? 'check the address, and that TLS is on or off on both sides',
  });
}

/** What a server that has not said a word yet may have wanted. */
function silentHint(code: string): string {
  if (/CERT/.test(code)) return 'the server wants a client certificate that its CA has signed: --cert and --key';
  return 'it hung up without a word: does it speak TLS only (--tls), want a client certificate (--cert, --key), or speak no TLS?';
}

/** What to reject with when an established connection ends under a command. `opening`: the first bytes the server had said, null for none. */
export function lostFailure(host: string, port: number, executed: 'no' | 'unknown', cause?: unknown, opening: string | null = ''): ConnectionLost {
  if (opening !== null && STRANGERS.some(([start]) => start.test(opening))) return noRedis(host, port, opening, cause);
  const code = cause === undefined ? 'CLOSED' : codeOf(cause);
  const reason = cause === undefined ? 'closed by the server' : (REASONS[code]?.[0] ?? (cause instanceof Error ? cause.message : 'unknown'));
  const hint = opening !== null ? {} : { hint: silentHint(code) };
  return new ConnectionLost(code, `Connection to ${addressText(host, port)} lost: ${reason}`, executed, cause === undefined ? hint : { cause, ...hint });
}

const DOOR_HINTS: readonly (readonly [word: RegExp, code: string, reason: string, hint: string])[] = [
  [/^DENIED\b.*protected mode/is, 'DENIED', 'it is in protected mode, and takes connections from its own machine only', 'run redis-trib on that machine, or give the server a password (requirepass, then -a), or switch the mode off: CONFIG SET protected-mode no'],
  [/max number of clients/i, 'MAXCLIENTS', 'it has as many clients as it takes', 'raise maxclients there, or end some of its clients, and try again'],
];

/**
 * What to reject with when a server greets us with an error and hangs up, as it does in protected mode or with too many
 * clients; undefined for an ordinary first reply. `asked`: a command was waiting, so that the error may be its answer.
 */
export function turnedAway(host: string, port: number, greeting: ReplyError, asked: boolean): ConnectionLost | undefined {
  const known = DOOR_HINTS.find(([word]) => word.test(greeting.message));
  if (known === undefined && asked) return undefined;
  const [, code, reason, hint] = known ?? [undefined, greeting.code, greeting.message, undefined];
  return new ConnectionLost(code, `Node ${addressText(host, port)} turned the connection away: ${reason}`, 'no', { cause: greeting, ...(hint === undefined ? {} : { hint }) });
}

/** What to throw when the server refuses the credentials (AUTH or HELLO). `origin`: where they come from, if from a place of their own. */
export function authFailure(host: string, port: number, error: ReplyError, origin?: string): TribError {
  const code = /without any password|no password is set/i.test(error.message) ? 'NOPASSWORDSET' : error.code;
  const hints: Readonly<Record<string, string>> = {
    WRONGPASS: 'check --user and the password (-a, --askpass, REDISCLI_AUTH)',
    NOPASSWORDSET: 'this server has no password: leave out -a and unset REDISCLI_AUTH',
    NOAUTH: 'the server needs a password: -a, --askpass or REDISCLI_AUTH',
  };
  return new TribError(code, `Node ${addressText(host, port)} refused the credentials: ${error.message}`, {
    exitCode: ExitCode.unreachable,
    hint: origin === undefined ? (hints[code] ?? 'check --user and the password (-a, --askpass, REDISCLI_AUTH)') : `this node has credentials of its own: check ${origin}`,
    cause: error,
  });
}

/** What to throw for an error reply that is about access, or undefined for any other error reply. */
export function accessFailure(host: string, port: number, error: ReplyError): TribError | undefined {
  if (error.code === 'NOAUTH') return authFailure(host, port, error);
  if (error.code !== 'NOPERM') return undefined;
  return new TribError('NOPERM', `Node ${addressText(host, port)} refused: ${error.message}`, {
    exitCode: ExitCode.unreachable,
    hint: 'this user may not run that command: use a user with the permission (--user)',
    cause: error,
  });
}
