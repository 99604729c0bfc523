// The link of a bundled replica to a real master over TLS (tls-replication), with certificates that are right, wrong and missing.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { describeWithServers, freePort } from '../../support/redis-server.js';
import { CA, NODE, OTHER } from '../../support/tls-fixture.js';
import { bundled, digest, inStep, keptMembers, real, someWrites, waitFor } from './replicated.js';

describeWithServers(['redis-7.0'], 'a replica over TLS', () => {
  const keep = keptMembers();
  let dir = '';
  let tls: Record<string, string> = {};
  const file = (name: string, text: string): string => {
    writeFileSync(join(dir, name), text);
    return join(dir, name);
  };
  beforeAll(() => {
    dir = mkdtempSync(join(tmpdir(), 'redis-trib-tls-'));
    tls = { 'tls-ca-cert-file': file('ca', CA), 'tls-cert-file': file('cert', NODE.cert), 'tls-key-file': file('key', NODE.key) };
    file('other-cert', OTHER.cert);
    file('other-key', OTHER.key);
  });
  afterAll(() => rmSync(dir, { recursive: true, force: true }));

  it('synchronises fully and partially with a real master that demands a certificate', async () => {
    const port = await freePort();
    const master = await keep(real({ ...tls, 'tls-port': String(port) }));
    const replica = await keep(bundled({ ...tls, 'tls-replication': 'yes', 'tls-protocols': 'TLSv1.2 TLSv1.3' }));
    for (let round = 0; round < 50; round++) await master.link.pipeline(someWrites(round));
    await replica.command('REPLICAOF', '127.0.0.1', port);
    await inStep(replica, master);
    await replica.command('CLIENT', 'KILL', 'TYPE', 'master');
    for (let round = 50; round < 100; round++) await master.link.pipeline(someWrites(round));
    await inStep(replica, master);
    expect(await digest(replica)).toBe(await digest(master));
    expect([await master.info('sync_full', 'stats'), await master.info('sync_partial_ok', 'stats')]).toEqual(['1', '1']);
  });

  it('has no link to a master with an unknown certificate, nor to one without TLS', async () => {
    const port = await freePort();
    const master = await keep(real({ ...tls, 'tls-port': String(port), 'tls-auth-clients': 'no' }));
    // An authority that signed nothing here.
    const replica = await keep(bundled({ 'tls-ca-cert-file': join(dir, 'other-cert'), 'tls-replication': 'yes', 'repl-timeout': '2' }));
    await replica.command('REPLICAOF', '127.0.0.1', port);
    await waitFor(() => /Error condition on socket for SYNC: .*(certificate|verify)/.test(replica.log()), 'the refusal');
    expect(await replica.info('master_link_status')).toBe('down');
    await replica.command('CONFIG', 'SET', 'tls-ca-cert-file', tls['tls-ca-cert-file'] ?? '');
    await inStep(replica, master);
    await replica.command('REPLICAOF', '127.0.0.1', master.port);
    await waitFor(() => replica.log().includes('Timeout: connecting to the MASTER'), 'no answer to the greeting of TLS');
  });

  it('retries when a certificate file is created, and does not start without a CA', async () => {
    const port = await freePort();
    const master = await keep(real({ ...tls, 'tls-port': String(port), 'tls-auth-clients': 'no' }));
    const replica = await keep(bundled({ 'tls-ca-cert-file': join(dir, 'later'), 'tls-replication': 'yes' }));
    await replica.command('REPLICAOF', '127.0.0.1', port);
    await waitFor(() => replica.log().includes('Unable to connect to MASTER: ENOENT'), 'the missing file');
    file('later', CA);
    await inStep(replica, master);
    const plain = await keep(bundled());
    await expect(plain.command('CONFIG', 'SET', 'tls-replication', 'yes')).rejects.toThrow(/tls-ca-cert-file or tls-ca-cert-dir must be specified/);
  });
});
