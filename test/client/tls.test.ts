// TLS connections: chain and name are verified, client certificates are sent, and refusals say what to try.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import tls from 'node:tls';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Connection } from '../../src/client/connection.js';
import type { TlsOptions } from '../../src/client/connection.js';
import { describeWithRedis, freePort, startRedis } from '../support/redis-server.js';
import { CA, NODE, OTHER } from '../support/tls-fixture.js';

function serve(identity: { cert: string; key: string }): Promise<tls.Server> {
  const server = tls.createServer({ ...identity, requestCert: true, rejectUnauthorized: false, ca: CA }, (socket) => {
    socket.on('error', () => undefined).on('data', () => socket.write(`+${socket.authorized ? 'known' : 'anonymous'}\r\n`));
  });
  return new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(server)));
}

describe('TLS', () => {
  let node: tls.Server;
  let other: tls.Server;
  beforeAll(async () => void ([node, other] = await Promise.all([serve(NODE), serve(OTHER)])));
  afterAll(() => [node, other].forEach((server) => server.close()));
  const ask = async (server: tls.Server, options: TlsOptions): Promise<unknown> => {
    await using connection = await Connection.connect({ host: '127.0.0.1', port: (server.address() as AddressInfo).port, tls: options });
    return await connection.command(['PING']);
  };

  it('accepts certificates that the CA signed for this address or name', async () => {
    expect(await ask(node, { ca: CA })).toBe('anonymous');
    expect(await ask(node, { ca: [CA], sni: 'node.test' })).toBe('anonymous');
    expect(await ask(other, { ca: CA, sni: 'other.test' })).toBe('anonymous');
  });

  it('sends its own certificate', async () => {
    expect(await ask(node, { ca: CA, cert: OTHER.cert, key: OTHER.key })).toBe('known');
  });

  it('refuses unknown certificates, wrong names, and plain servers, with a hint', async () => {
    const hint = expect.stringContaining('--insecure') as unknown;
    await expect(ask(node, {})).rejects.toMatchObject({ exitCode: 3, hint });
    await expect(ask(other, { ca: CA })).rejects.toMatchObject({ code: 'ERR_TLS_CERT_ALTNAME_INVALID', exitCode: 3, hint });
    const plain = createServer((socket) => socket.on('error', () => undefined).end('-ERR no TLS here\r\n'));
    await new Promise<void>((resolve) => plain.listen(0, '127.0.0.1', resolve));
    await expect(ask(plain as tls.Server, { ca: CA })).rejects.toMatchObject({ exitCode: 3, message: expect.stringContaining('Could not connect') as unknown });
    plain.close();
  });

  it('explains a plain port that replies to TLS, without raw OpenSSL text', async () => {
    const plain = createServer((socket) => socket.on('error', () => undefined).once('data', () => socket.end("-ERR unknown command\r\n-ERR unknown command\r\n")));
    await new Promise<void>((resolve) => plain.listen(0, '127.0.0.1', resolve));
    const { port } = plain.address() as AddressInfo;
    const error: unknown = await Connection.connect({ host: '127.0.0.1', port, tls: { ca: CA } }).catch((reason: unknown) => reason);
    expect(error).toMatchObject({ exitCode: 3, message: `Could not connect to Redis at 127.0.0.1:${port}: the reply is not TLS`, hint: 'check whether TLS is enabled on that port, or try without --tls', cause: { message: expect.stringMatching(/^[\w ]+$/) as string } });
    plain.close();
  });

  it('explains a plain port that waits for more input', async () => {
    const plain = createServer((socket) => socket.on('error', () => undefined).resume());
    await new Promise<void>((resolve) => plain.listen(0, '127.0.0.1', resolve));
    const { port } = plain.address() as AddressInfo;
    const error: unknown = await Connection.connect({ host: '127.0.0.1', port, tls: { ca: CA }, connectTimeoutMs: 100 }).catch((reason: unknown) => reason);
    expect(error).toMatchObject({ code: 'TIMEOUT', exitCode: 3, hint: 'check whether TLS is enabled on that port, or try without --tls', message: expect.stringContaining('no TLS handshake within 100 ms') as unknown });
    plain.close();
  });

  it('can be used without verification by a flag', async () => {
    expect(await ask(other, { insecure: true })).toBe('anonymous');
    expect(await ask(other, { ca: CA, checkHost: false })).toBe('anonymous');
    await expect(ask(other, { checkHost: false })).rejects.toMatchObject({ exitCode: 3 });
  });
});

describeWithRedis('TLS with a real server', () => {
  it('connects to a redis-server that requires a client certificate', async () => {
    const dir = mkdtempSync(join(tmpdir(), 'redis-trib-tls-'));
    const file = (name: string, text: string): string => {
      writeFileSync(join(dir, name), text);
      return join(dir, name);
    };
    const port = await freePort();
    const [ca, cert, key] = [file('ca.pem', CA), file('node.pem', NODE.cert), file('node.key', NODE.key)];
    await using _server = await startRedis(['--tls-port', String(port), '--tls-ca-cert-file', ca, '--tls-cert-file', cert, '--tls-key-file', key]);
    await using connection = await Connection.connect({ host: '127.0.0.1', port, tls: { ca: CA, cert: NODE.cert, key: NODE.key } });
    expect(await connection.command(['ECHO', 'x'.repeat(1_000_000)])).toHaveLength(1_000_000);
    await expect(
      Connection.connect({ host: '127.0.0.1', port, tls: { ca: CA } }).then((anonymous) => anonymous.command(['PING'])),
    ).rejects.toMatchObject({ exitCode: 3 });
    rmSync(dir, { recursive: true });
  });
});
