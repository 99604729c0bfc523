// The bundled node as a master: forms of the full synchronisation, one snapshot for many, replicas that do not read, and which
// commands a replica may send. The replicas are raw sockets.
import net from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { RdbTransfer } from '../../../src/server/replication/rdb-transfer.js';
import { RdbFileReader } from '../../../src/rdb/file-reader.js';
import { skipBody } from '../../../src/rdb/skip-value.js';
import { bundled, someWrites, waitFor } from './replicated.js';
import type { Member } from './replicated.js';

/** A replica made by the test: collects the RDB and the stream as bytes. */
class RawReplica {
  head = '';
  readonly rdb: Buffer[] = [];
  stream: Buffer = Buffer.alloc(0);
  transfer: RdbTransfer | null = null;
  over = false;
  closed = false;
  private constructor(readonly socket: net.Socket) {
    socket.on('data', (chunk: Buffer) => this.take(chunk));
    socket.on('error', () => socket.destroy());
    socket.on('close', () => (this.closed = true));
  }

  static async connect(port: number, ...lines: string[]): Promise<RawReplica> {
    const socket = net.connect({ host: '127.0.0.1', port });
    await new Promise<void>((resolve) => socket.once('connect', () => resolve()));
    const replica = new RawReplica(socket);
    for (const [index, line] of lines.entries()) {
      socket.write(`${line}\r\n`);
      await waitFor(() => replica.head.split('+OK').length > index + 1 || index === lines.length - 1, `a reply to ${line}`);
    }
    return replica;
  }

  private take(chunk: Buffer): void {
    if (this.over) {
      this.stream = Buffer.concat([this.stream, chunk]);
      return;
    }
    let rest = chunk;
    while (this.transfer === null && rest.length > 0) {
      if (rest[0] === 36) this.transfer = new RdbTransfer((bytes) => void this.rdb.push(Buffer.from(bytes)));
      else {
        this.head += String.fromCharCode(rest[0]!);
        rest = rest.subarray(1);
        if (/\+CONTINUE[^\n]*\n$/.test(this.head)) {
          this.over = true;
          this.stream = rest;
          return;
        }
      }
    }
    if (this.transfer === null) return;
    const step = this.transfer.feed(rest);
    if (step.kind !== 'end') return;
    this.over = true;
    this.stream = step.rest;
  }

  /** Keys of the RDB, and its AUX fields. Throws when it is incomplete. */
  read(): { keys: number; aux: Map<string, string> } {
    const aux = new Map<string, string>();
    let keys = 0;
    const reader = new RdbFileReader({
      value: (type, body) => skipBody(type, body),
      entry: () => void keys++,
      aux: (name, value) => void aux.set(name, value),
    });
    for (const bytes of this.rdb) reader.feed(bytes);
    reader.end();
    return { keys, aux };
  }

  get said(): string {
    return this.stream.toString('latin1').replace(/[*$]\d+\r\n/g, '').replaceAll('\r\n', ' ').trim();
  }
}

describe('bundled master', () => {
  const members: Member[] = [];
  const raws: RawReplica[] = [];
  const master = async (settings: Readonly<Record<string, string>> = {}): Promise<Member> => {
    const one = await bundled({ 'repl-ping-replica-period': '3600', ...settings });
    members.push(one);
    return one;
  };
  const attach = async (to: Member, ...lines: string[]): Promise<RawReplica> => {
    const one = await RawReplica.connect(to.port, ...lines);
    raws.push(one);
    return one;
  };
  afterEach(async () => {
    for (const raw of raws.splice(0)) raw.socket.destroy();
    await Promise.all(members.splice(0).map((one) => one.stop()));
  });
  const EOF_CAPA = ['REPLCONF listening-port 7777', 'REPLCONF capa eof capa psync2'];

  const FORMS: readonly (readonly [string, readonly string[]])[] = [
    ['an RDB of known length without capabilities', ['PSYNC ? -1']],
    ['an RDB of known length for SYNC', ['SYNC']],
    ['an RDB ended by a mark for capa eof', [...EOF_CAPA, 'PSYNC ? -1']],
  ];
  for (const [form, lines] of FORMS) {
    it(`sends ${form}, and the stream after it`, async () => {
      const one = await master();
      for (let round = 0; round < 100; round++) await one.link.pipeline(someWrites(round));
      await one.command('SELECT', 1);
      const replica = await attach(one, ...lines);
      await waitFor(() => one.node!.replication.replicas().length === 1, 'the request');
      await one.command('SET', 'after', '1');
      await waitFor(() => replica.over, 'the RDB');
      const marked = lines.length > 1;
      expect(replica.transfer!.mark !== null).toBe(marked);
      expect(replica.head.includes('+FULLRESYNC')).toBe(lines.at(-1) !== 'SYNC');
      if (marked) {
        await one.command('SET', 'more', '2');
        expect(replica.stream.length, 'nothing before the first acknowledgement').toBe(0);
        replica.socket.write('REPLCONF ACK 0\r\n');
      } else await one.command('SET', 'more', '2');
      await waitFor(() => replica.said.includes('more'), 'the stream');
      expect(replica.said).toBe('SELECT 1 SET after 1 SET more 2');
      const { keys, aux } = replica.read();
      expect(keys).toBe(one.node!.keyspace.size - 2);
      expect(aux.get('repl-id')).toBe(one.node!.replication.history.replid);
      const offset = Number(aux.get('repl-offset'));
      expect(one.node!.replication.offset).toBe(offset + replica.stream.length);
    });
  }

  it('makes one snapshot for ten replicas that connect together', async () => {
    const one = await master({ 'repl-diskless-sync-delay': '1' });
    for (let round = 0; round < 100; round++) await one.link.pipeline(someWrites(round));
    const replicas = await Promise.all(Array.from({ length: 10 }, () => attach(one, ...EOF_CAPA, 'PSYNC ? -1')));
    await waitFor(() => replicas.every(({ over }) => over), 'all RDBs');
    const images = replicas.map(({ rdb }) => Buffer.concat(rdb));
    expect(images.every((image) => image.equals(images[0]!))).toBe(true);
    expect(one.log().split('Starting BGSAVE').length - 1).toBe(1);
    expect(await one.info('sync_full', 'stats')).toBe('10');
    expect(await one.info('slave9')).toMatch(/ip=127.0.0.1,port=7777,state=online/);
  });

  it('lets a replica use the file that is being made for another one', async () => {
    const one = await master({ 'repl-diskless-sync': 'no' });
    for (let i = 0; i < 60; i++) await one.link.pipeline(Array.from({ length: 500 }, (_, n) => ['SET', `key:${i}:${n}`, 'x'.repeat(200)]));
    const first = await attach(one, 'PSYNC ? -1');
    await waitFor(() => first.head.includes('FULLRESYNC'), 'the first answer');
    await one.command('SET', 'between', '1');
    const second = await attach(one, 'PSYNC ? -1');
    await waitFor(() => first.over && second.over, 'both RDBs');
    await one.command('SET', 'end', '1');
    await waitFor(() => first.said.endsWith('end 1') && second.said.endsWith('end 1'), 'the stream');
    expect(second.said).toBe(first.said);
    expect(second.read().keys).toBe(30_000);
    expect(one.log().split('Starting BGSAVE').length - 1).toBe(1);
  });

  it('disconnects a replica that stops reading at its output limit, and continues', async () => {
    const one = await master({ 'client-output-buffer-limit': 'replica 3mb 0 0' });
    const replica = await attach(one, 'PSYNC ? -1');
    await waitFor(() => replica.over, 'the RDB');
    replica.socket.pause();
    for (let i = 0; i < 40 && one.node!.replication.replicas().length > 0; i++) await one.command('SET', 'big', 'x'.repeat(1_000_000));
    await waitFor(() => one.node!.replication.replicas().length === 0, 'the end of the replica');
    expect(one.log()).toContain('overcoming of output buffer limits');
    expect(await one.command('GET', 'big')).toHaveLength(1_000_000);
  });

  it('closes the connection of a replica that asks for a reply or for keys', async () => {
    const one = await master();
    for (const line of ['PING', 'GET k', 'INFO', 'CLIENT REPLY ON', 'RESET', 'NOSUCH']) {
      const replica = await attach(one, 'PSYNC ? -1');
      await waitFor(() => replica.over, 'the RDB');
      replica.socket.write('\n');
      replica.socket.write('REPLCONF ACK 5\r\n');
      await one.command('SET', 'k', 'v');
      expect(replica.closed).toBe(false);
      replica.socket.write(`${line}\r\n`);
      await waitFor(() => replica.closed, `the end after ${line}`);
      expect(replica.said, line).not.toMatch(/PONG|redis_version|[+]OK|-ERR/);
    }
  });

  it('closes an rdb-only connection after the RDB', async () => {
    const one = await master();
    await one.command('SET', 'k', 'v');
    const replica = await attach(one, 'REPLCONF capa eof', 'REPLCONF rdb-only 1', 'PSYNC ? -1');
    await waitFor(() => replica.closed, 'the end');
    expect(replica.read().keys).toBe(1);
    const functions = await attach(one, 'REPLCONF capa eof', 'REPLCONF rdb-filter-only functions', 'PSYNC ? -1');
    await waitFor(() => functions.over, 'the RDB');
    expect(functions.read().keys).toBe(0);
  });

  it('continues from the backlog if that holds the offset, and otherwise synchronises fully', async () => {
    const one = await master({ 'repl-backlog-size': '16384' });
    const first = await attach(one, 'PSYNC ? -1');
    await waitFor(() => first.over, 'the RDB');
    await one.command('SET', 'k', 'v');
    const { replid } = one.node!.replication.history;
    const { offset } = one.node!.replication;
    first.socket.destroy();
    await one.command('SET', 'missed', 'v');
    const again = await attach(one, `PSYNC ${replid} ${offset + 1}`);
    await waitFor(() => again.said.includes('missed'), 'the rest');
    expect([again.head, again.said]).toEqual(['+CONTINUE\r\n', 'SET missed v']);
    for (const [id, next] of [[replid, offset + 10_000], ['b'.repeat(40), offset]] as const) {
      const full = await attach(one, `PSYNC ${id} ${next}`);
      await waitFor(() => full.over, 'a full synchronisation');
    }
    for (let i = 0; i < 40; i++) await one.command('SET', 'fill', 'x'.repeat(1000));
    const late = await attach(one, `PSYNC ${replid} ${offset + 1}`);
    await waitFor(() => late.over, 'a full synchronisation');
    expect([await one.info('sync_partial_ok', 'stats'), await one.info('sync_partial_err', 'stats')]).toEqual(['1', '3']);
  });

  it('frees the backlog of a master without replicas, and starts a new history', async () => {
    const one = await master({ 'repl-backlog-ttl': '1' });
    const replica = await attach(one, 'PSYNC ? -1');
    await waitFor(() => replica.over, 'the RDB');
    const { replid } = one.node!.replication.history;
    replica.socket.destroy();
    await waitFor(async () => (await one.info('repl_backlog_active')) === '0', 'the end of the backlog');
    expect(one.node!.replication.history.replid).not.toBe(replid);
    expect(one.node!.effects.active).toBe(false);
  });
});
