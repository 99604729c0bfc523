// Real nodes at addresses of the test's choosing: another bind address, TLS only, announced addresses, users. All are killed
// at the end.
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TlsOptions } from '../../src/client/connection.js';
import { Connection } from '../../src/client/connection.js';
import { freePort, waitFor, watch } from '../support/redis-server.js';
import { CA, NODE } from '../support/tls-fixture.js';

export interface NodeWish {
  /** Address to listen on; default 127.0.0.1. */
  readonly bind?: string;
  /** TLS and nothing else, client certificates wanted. */
  readonly tls?: boolean;
  /** Not in cluster mode. */
  readonly alone?: boolean;
  readonly args?: readonly string[];
}

export interface PlacedNode {
  readonly host: string;
  readonly port: number;
  readonly address: string;
  kill(): Promise<void>;
  stop(): Promise<void>;
}

/** Certificate files as a user has them; the same identity for nodes and clients. */
export interface TlsFiles {
  readonly dir: string;
  readonly ca: string;
  readonly cert: string;
  readonly key: string;
  remove(): void;
}

export const TLS: TlsOptions = { ca: CA, cert: NODE.cert, key: NODE.key };

export function writeTlsFiles(): TlsFiles {
  const dir = mkdtempSync(join(tmpdir(), 'redis-trib-tls-'));
  const file = (name: string, text: string): string => {
    writeFileSync(join(dir, name), text, { mode: 0o600 });
    return join(dir, name);
  };
  return { dir, ca: file('ca.pem', CA), cert: file('node.pem', NODE.cert), key: file('node.key', NODE.key), remove: () => rmSync(dir, { recursive: true, force: true }) };
}

/** Starts one node and waits until it accepts connections. */
export async function startNode(wish: NodeWish = {}, files?: TlsFiles): Promise<PlacedNode> {
  const host = wish.bind ?? '127.0.0.1';
  const port = await freePort();
  const dir = mkdtempSync(join(tmpdir(), 'redis-trib-node-'));
  const tls = wish.tls === true && files !== undefined ? ['--port', '0', '--tls-port', String(port), '--tls-ca-cert-file', files.ca, '--tls-cert-file', files.cert, '--tls-key-file', files.key, '--tls-cluster', 'yes', '--tls-replication', 'yes'] : ['--port', String(port)];
  const cluster = wish.alone === true ? [] : ['--cluster-enabled', 'yes', '--cluster-node-timeout', '5000', '--repl-diskless-sync-delay', '0'];
  const child = spawn('redis-server', [...tls, '--bind', host, '--dir', dir, '--save', '', '--protected-mode', 'no', ...cluster, ...(wish.args ?? [])], { stdio: ['ignore', 'pipe', 'pipe'] });
  const watchdog = watch(child.pid ?? 0, dir);
  let log = '';
  child.stdout.on('data', (chunk: Buffer) => (log += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (log += chunk.toString()));
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  const kill = async (): Promise<void> => {
    child.kill('SIGKILL');
    await ended;
  };
  const stop = async (): Promise<void> => {
    await kill();
    watchdog.kill('SIGKILL');
    rmSync(dir, { recursive: true, force: true });
  };
  await waitFor(() => {
    if (child.exitCode !== null) throw new Error(`redis-server did not start:\n${log}`);
    return log.includes('Ready to accept connections');
  }, 'redis-server to start');
  return { host, port, address: host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`, kill, stop };
}

/** Several at the same time. */
export function startNodes(count: number, wish: NodeWish | ((index: number) => NodeWish) = {}, files?: TlsFiles): Promise<PlacedNode[]> {
  return Promise.all(Array.from({ length: count }, (_, index) => startNode(typeof wish === 'function' ? wish(index) : wish, files)));
}

/** One command on one node. */
export async function ask(node: { readonly host: string; readonly port: number }, words: readonly (string | number)[], access: { readonly tls?: TlsOptions; readonly username?: string; readonly password?: string } = {}): Promise<unknown> {
  await using link = await Connection.connect({ host: node.host, port: node.port, ...access });
  return await link.command(words);
}
