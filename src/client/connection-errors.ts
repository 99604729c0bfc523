// Turns socket, TLS and authentication failures into TribErrors with advice. Not here: the connection itself.
import { ExitCode, TribError, messageOf } from '../errors.js';
import type { ReplyError } from '../resp/reply.js';

/**
 * The connection broke, timed out or was closed before the reply. `executed`: 'no' when the command never left this process,
 * 'unknown' when the server may have run it.
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
  ECONNREFUSED: ['Connection refused', 'check that the server is running and uses this port'],
  ENOTFOUND: ['Name or service not known', 'check the spelling of the host name'],
  EAI_AGAIN: ['Temporary failure in name resolution', 'check the name server, or use an IP address'],
  ETIMEDOUT: ['Connection timed out', 'check the address and the firewall'],
  EHOSTUNREACH: ['No route to host', 'check the address and the network'],
  ENETUNREACH: ['Network is unreachable', 'check the address and the network'],
  ECONNRESET: ['Connection reset by peer', 'check whether the server expects TLS or has just stopped'],
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

/** OpenSSL's messages for a reply that is not TLS: the server reads the handshake as a command and replies in plain text. */
const NOT_TLS = /wrong version number|unknown protocol|packet length too long|record layer failure|http request/i;

/** The reason in `…:error:0A00010B:SSL routines:ssl3_get_record:wrong version number:….c:350:\n`. */
function plainText(text: string): string {
  return (/:SSL routines:[^:]*:([^:]+)/.exec(text)?.[1] ?? text).trim();
}

/** The error of a failed connection attempt. */
export function connectFailure(host: string, port: number, cause: unknown, overTls: boolean): TribError {
  const code = codeOf(cause);
  const text = messageOf(cause);
  const notTls = overTls && NOT_TLS.test(text);
  const [reason, hint] = notTls ? ['the reply is not TLS'] : (REASONS[code] ?? [plainText(text), undefined]);
  const tlsHint = notTls ? 'check whether TLS is enabled on that port, or try without --tls' : 'check the CA (--cacert), the host name in the certificate (--sni) or use --insecure';
  const why = overTls && (notTls || isTlsCode(code) || code === 'EPROTO') ? tlsHint : hint;
  return new TribError(code, `Could not connect to Redis at ${addressText(host, port)}: ${reason}`, {
    exitCode: ExitCode.unreachable,
    cause: plainText(text) === text ? cause : new Error(plainText(text), { cause }),
    ...(why === undefined ? {} : { hint: why }),
  });
}

/** First words of other protocols, and what they are. */
const OTHER_PROTOCOLS: readonly (readonly [start: RegExp, what: string, hint: string])[] = [
  [/^(HTTP\/\d|\s*<(!doctype|html|head|\?xml))/i, 'a web server replies there', 'give the address and port that the Redis or Valkey node listens on'],
  [/^[\x14-\x17]\x03/, 'it speaks TLS', 'use TLS (--tls, with --cacert or --insecure as needed)'],
  [/^SSH-/, 'an SSH server replies there', 'give the address and port that the Redis or Valkey node listens on'],
];

/** The error for bytes that are not RESP. `opening`: the first bytes received, null when replies came before. */
export function notRedis(host: string, port: number, opening: string | null, error: unknown): ConnectionLost {
  const where = addressText(host, port);
  const text = error instanceof Error ? error.message : 'then closed the connection';
  if (opening === null) {
    const hint = error instanceof TribError && error.hint !== undefined ? { hint: error.hint } : {};
    return new ConnectionLost('PROTOCOL', `${where}: ${text}`, 'unknown', { cause: error, ...hint });
  }
  const known = OTHER_PROTOCOLS.find(([start]) => start.test(opening));
  const said = JSON.stringify(opening.split(/[\r\n]/, 1)[0]?.slice(0, 60) ?? '');
  const what = known?.[1] ?? `it answered ${said} (${text})`;
  return new ConnectionLost('PROTOCOL', `${where} is not a Redis or Valkey port: ${what}`, 'unknown', {
    ...(error === undefined ? {} : { cause: error }),
    hint: known?.[2] ?? 'check the address, and use TLS on both sides or on none',
  });
}

/** The error for a reply that exceeds its memory limit. */
export function tooLarge(host: string, port: number, error: TribError): ConnectionLost {
  return new ConnectionLost(error.code, `Node ${addressText(host, port)}: ${error.message}`, 'unknown', { cause: error, ...(error.hint === undefined ? {} : { hint: error.hint }) });
}

/** Distance of a node's bus port from its port, unless configured. */
const BUS_OFFSET = 10_000;

/** Advice about a server that has sent nothing. A cluster bus port closes the connection at the first command. */
function silentHint(code: string, host: string, port: number): string {
  if (/CERT/.test(code)) return 'the server requires a client certificate signed by its CA: --cert and --key';
  if (port > BUS_OFFSET && !/SSL|TLS/.test(code)) return `it closed the connection without a reply, as a cluster bus port does: if ${port} is the bus port, give ${addressText(host, port - BUS_OFFSET)}; else it may require TLS (--tls) or a client certificate (--cert, --key), or not support TLS`;
  return 'it closed the connection without a reply: it may require TLS (--tls) or a client certificate (--cert, --key), or not support TLS';
}

/** The error for an established connection that ends during a command. `opening`: the first bytes received, null for none. */
export function lostFailure(host: string, port: number, executed: 'no' | 'unknown', cause?: unknown, opening: string | null = ''): ConnectionLost {
  if (opening !== null && OTHER_PROTOCOLS.some(([start]) => start.test(opening))) return notRedis(host, port, opening, cause);
  const code = cause === undefined ? 'CLOSED' : codeOf(cause);
  const reason = cause === undefined ? 'closed by the server' : (REASONS[code]?.[0] ?? (cause instanceof Error ? cause.message : 'unknown'));
  const hint = opening !== null ? {} : { hint: silentHint(code, host, port) };
  return new ConnectionLost(code, `Connection to ${addressText(host, port)} lost: ${reason}`, executed, cause === undefined ? hint : { cause, ...hint });
}

const GREETING_HINTS: readonly (readonly [word: RegExp, code: string, reason: string, hint: string])[] = [
  [/^DENIED\b.*protected mode/is, 'DENIED', 'it is in protected mode, which accepts connections from its own host only', 'run redis-trib on that host, or set a password on the server (requirepass, then use -a), or disable the mode: CONFIG SET protected-mode no'],
  [/max number of clients/i, 'MAXCLIENTS', 'its maximum number of clients is connected', 'raise maxclients there, or close some of its clients, and try again'],
];

/**
 * The error when a server sends an error first and closes the connection, as in protected mode or with too many clients;
 * undefined for an ordinary first reply. `asked`: a command was pending, so the error may be its reply.
 */
export function refusedOnArrival(host: string, port: number, greeting: ReplyError, asked: boolean): ConnectionLost | undefined {
  const known = GREETING_HINTS.find(([word]) => word.test(greeting.message));
  if (known === undefined && asked) return undefined;
  const [, code, reason, hint] = known ?? [undefined, greeting.code, greeting.message, undefined];
  return new ConnectionLost(code, `Node ${addressText(host, port)} refused the connection: ${reason}`, 'no', { cause: greeting, ...(hint === undefined ? {} : { hint }) });
}

/** The error for refused credentials (AUTH or HELLO). `origin`: where this node's own credentials are set. */
export function authFailure(host: string, port: number, error: ReplyError, origin?: string): TribError {
  const code = /without any password|no password is set/i.test(error.message) ? 'NOPASSWORDSET' : error.code;
  const hints: Readonly<Record<string, string>> = {
    WRONGPASS: 'check --user and the password (-a, --askpass, REDISCLI_AUTH)',
    NOPASSWORDSET: 'this server has no password: leave out -a and unset REDISCLI_AUTH',
    NOAUTH: 'the server needs a password: -a, --askpass or REDISCLI_AUTH',
  };
  return new TribError(code, `Node ${addressText(host, port)} refused the credentials: ${error.message}`, {
    exitCode: ExitCode.unreachable,
    hint: origin === undefined ? (hints[code] ?? 'check --user and the password (-a, --askpass, REDISCLI_AUTH)') : `this node has its own credentials: check ${origin}`,
    cause: error,
  });
}

/** The error when a connection cannot select its database. */
export function selectFailure(host: string, port: number, database: number, error: ReplyError): TribError {
  return new TribError('NO_DATABASE', `Node ${addressText(host, port)} refused database ${database}: ${error.message}`, {
    exitCode: ExitCode.unreachable,
    hint: error.code === 'NOPERM' ? `grant ${databaseRule(error.message)} to this user` : 'all nodes of a cluster need the same cluster-databases',
    cause: error,
  });
}

/** The ACL rules that permit SELECT of every database after this refusal: those of databases exist since Valkey 9.1. */
export function databaseRule(message: string): string {
  return /permissions to access database/i.test(message) ? 'alldbs (or db=N for each database)' : '+select';
}

/** The ACL rule that a NOPERM lacks: for a command (also a subcommand), for keys, or for databases. */
export function missingRule(message: string): string {
  const command = /permissions to run the '([^']+)' command/i.exec(message)?.[1];
  if (command !== undefined) return `this user lacks the rule +${command}: grant it on every node with ACL SETUSER NAME +${command}`;
  if (/permissions to access (a|one of the) keys?/i.test(message)) return 'this user lacks a rule for these keys: grant it on every node with ACL SETUSER NAME ~PATTERN (moving slots requires ~* for all keys)';
  if (/permissions to access database/i.test(message)) return `this user lacks a rule for this database: grant it on every node with ACL SETUSER NAME ${databaseRule(message)}`;
  return 'this user may not run that command';
}

/** Causes of error replies that are not about access, with advice. */
const REPLY_HINTS: readonly (readonly [start: RegExp, hint: string])[] = [
  [/^LOADING\b/, 'that node is reading its data from disk: wait until its INFO persistence says loading:0, then try again'],
  [/^(ERR )?unknown (sub)?command\b/i, 'that command is renamed, disabled or missing on that node (rename-command): restore it there'],
  [/^OOM\b/, 'that node has reached its maxmemory: raise it there, or free memory'],
  [/^BUSY\b/, 'a script is running on that node: wait, or stop it with SCRIPT KILL or FUNCTION KILL'],
  [/^MISCONF\b/, 'that node cannot save its data and accepts no writes: see its log and free disk space'],
  [/^READONLY\b/, 'that node is a replica now: redis-trib check shows the present masters'],
  [/^CLUSTERDOWN\b/, 'the cluster does not serve: run redis-trib check'],
  [/^NOREPLICAS\b/, 'too few replicas of that node are in sync (min-replicas-to-write): redis-trib nodes shows which'],
];

/**
 * The error for an error reply, with its node and advice. `where`: `host:port`, when the connection has not named it. As
 * accessFailure for replies about access.
 */
export function replyFailure(error: ReplyError, where = error.node): TribError {
  const node = where === undefined ? 'A node' : `Node ${where}`;
  const hint = error.code === 'NOPERM' ? `${missingRule(error.message)}, or use a user with the permission (--user)` : REPLY_HINTS.find(([start]) => start.test(error.message))?.[1];
  return new TribError(error.code, `${node} replied with error: ${error.message}`, { cause: error, ...(hint === undefined ? {} : { hint }) });
}

/** The error for an error reply about access; undefined for any other error reply. */
export function accessFailure(host: string, port: number, error: ReplyError): TribError | undefined {
  if (error.code === 'NOAUTH') return authFailure(host, port, error);
  if (error.code !== 'NOPERM') return undefined;
  return new TribError('NOPERM', `Node ${addressText(host, port)} refused: ${error.message}`, {
    exitCode: ExitCode.unreachable,
    hint: `${missingRule(error.message)}, or use a user with the permission (--user)`,
    cause: error,
  });
}
