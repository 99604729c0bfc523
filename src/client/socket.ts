// Opens the TCP or TLS socket of a connection, with a deadline and an abort signal. Not here: RESP, AUTH.
import net from 'node:net';
import type tls from 'node:tls';
import { isHost } from '../cluster/address.js';
import { ExitCode, TribError } from '../errors.js';
import { oneLine } from '../resp/visible.js';
import { addressText, connectFailure } from './connection-errors.js';
import { limitSilence } from './silence.js';

/** TLS options of a node. Contents (PEM), not file names. */
export interface TlsOptions {
  /** CA certificates; default: the built-in list. */
  readonly ca?: string | Buffer | readonly (string | Buffer)[];
  readonly cert?: string | Buffer;
  readonly key?: string | Buffer;
  readonly passphrase?: string;
  /** Server name for SNI and for the certificate check; default: the host. */
  readonly sni?: string;
  /** Accept any certificate. */
  readonly insecure?: boolean;
  /** false: verify the chain but not the host name, as redis-cli does. Default true. */
  readonly checkHost?: boolean;
  readonly ciphers?: string;
}

export interface SocketOptions {
  readonly host: string;
  readonly port: number;
  /** Address family for a host name; any when absent. */
  readonly family?: 4 | 6;
  readonly tls?: TlsOptions;
  /** Milliseconds to connect; default 5000. */
  readonly connectTimeoutMs?: number;
  readonly signal?: AbortSignal;
}

function tlsOptions(options: SocketOptions, given: TlsOptions): tls.ConnectionOptions {
  const servername = given.sni ?? (net.isIP(options.host) === 0 ? options.host : undefined);
  const ca = given.ca;
  return {
    host: options.host,
    port: options.port,
    ...(options.family === undefined ? {} : { family: options.family }),
    rejectUnauthorized: given.insecure !== true,
    ...(servername === undefined ? {} : { servername }),
    ...(ca === undefined ? {} : { ca: typeof ca === 'string' || Buffer.isBuffer(ca) ? ca : [...ca] }),
    ...(given.cert === undefined ? {} : { cert: given.cert }),
    ...(given.key === undefined ? {} : { key: given.key }),
    ...(given.passphrase === undefined ? {} : { passphrase: given.passphrase }),
    ...(given.ciphers === undefined ? {} : { ciphers: given.ciphers }),
    ...(given.checkHost === false ? { checkServerIdentity: () => undefined } : {}),
  };
}

/** Nodes may announce invalid addresses. */
function requireValidAddress(host: string, port: number): void {
  const fault = !isHost(host) ? 'this is not a host name' : !Number.isInteger(port) || port < 1 || port > 65_535 ? 'this is not a valid port' : undefined;
  if (fault === undefined) return;
  throw new TribError('BAD_ADDRESS', `Could not connect to Redis at ${oneLine(addressText(host, port)).slice(0, 300)}: ${fault}`, { exitCode: ExitCode.unreachable, hint: 'a node announces it: check its cluster-announce-ip, cluster-announce-hostname and cluster-announce-port' });
}

/**
 * Resolves with a connected socket (TLS handshake done). Rejects with a TribError whose code is the system's
 * (ECONNREFUSED, ENOTFOUND, …), BAD_ADDRESS, TIMEOUT or ABORTED.
 */
export async function openSocket(options: SocketOptions): Promise<net.Socket> {
  const { host, port, signal, family } = options;
  if (signal?.aborted === true) throw aborted(signal);
  requireValidAddress(host, port);
  const timeoutMs = options.connectTimeoutMs ?? 5000;
  const overTls = options.tls !== undefined;
  // Loaded on demand: it takes a twentieth of the CLI's start-up time.
  const { connect: connectTls } = overTls ? await import('node:tls') : { connect: undefined };
  return new Promise((resolve, reject) => {
    const socket = options.tls && connectTls ? connectTls(tlsOptions(options, options.tls)) : net.connect({ host, port, ...(family === undefined ? {} : { family }) });
    const ready = overTls ? 'secureConnect' : 'connect';
    const done = (error?: TribError): void => {
      unwatch();
      signal?.removeEventListener('abort', onAbort);
      // Only the listeners added here: sockets need their own to close.
      socket.off(ready, onReady).off('error', onError).off('close', onClosed);
      if (error === undefined) return resolve(socket);
      socket.on('error', () => undefined); // a destroyed socket may still report
      socket.destroy();
      reject(error);
    };
    let connected = false;
    if (overTls) socket.once('connect', () => (connected = true)); // the handshake comes after it
    const onReady = (): void => done();
    const onError = (error: unknown): void => done(connectFailure(host, port, error, overTls));
    const onClosed = (): void => onError(new Error('closed during the handshake'));
    const onAbort = (): void => done(aborted(signal));
    const unwatch = limitSilence(timeoutMs, () => socket.bytesRead, () => done(connectTimeout(host, port, timeoutMs, connected)));
    signal?.addEventListener('abort', onAbort, { once: true });
    socket.once(ready, onReady).once('error', onError).once('close', onClosed);
  });
}

/** `connected`: only the TLS handshake is missing. */
function connectTimeout(host: string, port: number, timeoutMs: number, connected: boolean): TribError {
  if (connected) {
    return new TribError('TIMEOUT', `Could not connect to Redis at ${addressText(host, port)}: connected, but no TLS handshake within ${timeoutMs} ms`, {
      exitCode: ExitCode.unreachable,
      hint: 'check whether TLS is enabled on that port, or try without --tls',
    });
  }
  return new TribError('TIMEOUT', `Could not connect to Redis at ${addressText(host, port)}: no reply within ${timeoutMs} ms`, {
    exitCode: ExitCode.unreachable,
    hint: 'check the address and the firewall',
  });
}

/** The error of anything that an AbortSignal interrupts; exit code 130. */
export function aborted(signal?: AbortSignal): TribError {
  return new TribError('ABORTED', 'Interrupted', { exitCode: ExitCode.interrupted, cause: signal?.reason });
}
