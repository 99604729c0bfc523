// Reads a master's RDB as a replica does: handshake, SYNC, then the bytes by length or up to an end mark
// (persistence-replication.md 4.2, 4.3). Buffers at most one chunk. Not here: files (staging.ts).
import type { Socket } from 'node:net';
import { accessFailure, addressText, authFailure, lostFailure } from '../../client/connection-errors.js';
import { openSocket } from '../../client/socket.js';
import type { Address } from '../../cluster/address.js';
import { ExitCode, TribError } from '../../errors.js';
import { encodeCommand } from '../../resp/command.js';
import { ReplyError, toBinary } from '../../resp/reply.js';
import type { ClusterOptions } from '../node/node-link.js';

/** Milliseconds without a byte after which a master counts as lost; it sends a newline per second while it prepares. */
const SILENCE_MS = 60_000;
const MARK = 40;

/** The node answered SYNC with an error; another method may work. */
export class SyncRefused extends TribError {
  constructor(address: Address, reply: ReplyError) {
    const access = accessFailure(address.host, address.port, reply);
    super('SYNC_REFUSED', `Node ${addressText(address.host, address.port)} refused SYNC: ${reply.message}`, { exitCode: access?.exitCode ?? ExitCode.failed, cause: reply, hint: 'use --via scan, which reads the keys with SCAN' });
  }
}

/** Reads lines and then chunks from a socket. */
class Reader {
  private rest: Buffer<ArrayBufferLike> = Buffer.alloc(0);
  private readonly chunks: AsyncIterator<Buffer>;

  constructor(
    private readonly address: Address,
    socket: Socket,
  ) {
    this.chunks = (socket as AsyncIterable<Buffer>)[Symbol.asyncIterator]();
  }

  /** The next chunk, at least one byte. */
  async chunk(): Promise<Buffer> {
    if (this.rest.length > 0) {
      const piece = this.rest;
      this.rest = Buffer.alloc(0);
      return piece;
    }
    const { host, port } = this.address;
    const next = await this.chunks.next().catch((error: unknown) => {
      throw error instanceof TribError ? error : lostFailure(host, port, 'unknown', error);
    });
    if (next.done === true) throw lostFailure(host, port, 'unknown');
    return next.value;
  }

  /** One line without its end; bare newlines are keepalives and are skipped. */
  async line(): Promise<string> {
    let text = '';
    for (;;) {
      const piece = await this.chunk();
      const end = piece.indexOf(10);
      text += piece.toString('latin1', 0, end < 0 ? piece.length : end);
      if (end >= 0) {
        this.rest = piece.subarray(end + 1);
        text = text.replace(/\r$/, '');
        if (text !== '') return text;
      }
      if (text.length > 65_536) throw new TribError('PROTOCOL', `${addressText(this.address.host, this.address.port)} does not reply with the Redis protocol`, { exitCode: ExitCode.unreachable });
    }
  }
}

/** Options of the transfer. */
export interface SyncOptions extends ClusterOptions {
  /**
   * Version reported as the replica's. Valkey writes the RDB for it, and fails when a value needs a newer format than that
   * version reads. Redis ignores it.
   */
  readonly version?: string;
}

async function handshake(reader: Reader, socket: Socket, address: Address, options: SyncOptions): Promise<void> {
  const { username, password, origin, version } = options;
  if (password !== undefined) {
    socket.write(encodeCommand(['AUTH', ...(username === undefined ? [] : [toBinary(username)]), toBinary(password)]), 'latin1');
    const reply = await reader.line();
    if (reply.startsWith('-')) throw authFailure(address.host, address.port, new ReplyError(reply.slice(1)), origin);
  }
  // Servers that do not know one of these reply with an error; the transfer works without it.
  for (const words of [...(version === undefined ? [] : [['REPLCONF', 'version', version]]), ['REPLCONF', 'capa', 'eof'], ['REPLCONF', 'rdb-only', '1']]) {
    socket.write(encodeCommand(words), 'latin1');
    await reader.line();
  }
  socket.write('SYNC\r\n');
}

/** As handshake, but within the timeout of ordinary replies: keepalive newlines would reset the silence timeout for ever. */
async function handshakeInTime(reader: Reader, socket: Socket, address: Address, options: ClusterOptions): Promise<void> {
  const { commandTimeoutMs = 15_000 } = options;
  const late = new TribError('TIMEOUT', `No reply from ${addressText(address.host, address.port)} within ${commandTimeoutMs} ms`, { exitCode: ExitCode.unreachable });
  const timer = commandTimeoutMs > 0 ? setTimeout(() => socket.destroy(late), commandTimeoutMs) : undefined;
  try {
    await handshake(reader, socket, address, options);
  } finally {
    clearTimeout(timer);
  }
}

/** Reads `$89` or `$EOF:<mark>`; throws SyncRefused for an error. */
async function header(reader: Reader, address: Address): Promise<{ length: number } | { mark: Buffer }> {
  const line = await reader.line();
  if (line.startsWith('-')) throw new SyncRefused(address, new ReplyError(line.slice(1)));
  const length = /^\$(\d+)$/.exec(line)?.[1];
  if (length !== undefined) return { length: Number(length) };
  const mark = /^\$EOF:(.{40})$/s.exec(line)?.[1];
  if (mark !== undefined) return { mark: Buffer.from(mark, 'latin1') };
  throw new TribError('PROTOCOL', `${addressText(address.host, address.port)} answered SYNC with ${JSON.stringify(line.slice(0, 60))}`, { exitCode: ExitCode.unreachable });
}

async function* byLength(reader: Reader, length: number): AsyncGenerator<Buffer> {
  for (let left = length; left > 0; ) {
    const piece = await reader.chunk();
    yield piece.length <= left ? piece : piece.subarray(0, left);
    left -= piece.length; // The stream of writes follows; a backup does not need it.
  }
}

/**
 * Reads up to the EOF mark. Nothing follows it until the replica acknowledges, so the last 40 bytes are held back until more
 * data shows that they are not the mark.
 */
async function* byMark(reader: Reader, mark: Buffer): AsyncGenerator<Buffer> {
  let held: Buffer<ArrayBufferLike> = Buffer.alloc(0);
  for (;;) {
    const data = Buffer.concat([held, await reader.chunk()]);
    const body = data.subarray(0, Math.max(0, data.length - MARK));
    held = data.subarray(body.length);
    if (body.length > 0) yield body;
    if (held.equals(mark)) return;
  }
}

/**
 * The RDB in chunks. `onSize`: its length, undefined when the master streams it while creating it. Throws SyncRefused,
 * connection errors, ConnectionLost when the node is lost midway, ABORTED.
 */
export async function* readRdb(address: Address, options: SyncOptions, onSize: (bytes: number | undefined) => void): AsyncGenerator<Buffer> {
  const { signal, tls, connectTimeoutMs } = options;
  const socket = await openSocket({ ...address, ...(tls ? { tls } : {}), ...(connectTimeoutMs === undefined ? {} : { connectTimeoutMs }), ...(signal ? { signal } : {}) });
  const stop = (): void => void socket.destroy(new TribError('ABORTED', 'Interrupted', { exitCode: ExitCode.interrupted, cause: signal?.reason }));
  const silent = new TribError('TIMEOUT', `No data from ${addressText(address.host, address.port)} for ${SILENCE_MS / 1000} s`, { exitCode: ExitCode.unreachable });
  socket.setTimeout(SILENCE_MS, () => socket.destroy(silent));
  socket.on('error', () => undefined); // The reader reports it.
  signal?.addEventListener('abort', stop, { once: true });
  try {
    const reader = new Reader(address, socket);
    await handshakeInTime(reader, socket, address, options);
    const size = await header(reader, address);
    onSize('length' in size ? size.length : undefined);
    yield* 'length' in size ? byLength(reader, size.length) : byMark(reader, size.mark);
  } finally {
    signal?.removeEventListener('abort', stop);
    socket.destroy();
  }
}
