// Bytes a key: one million small keys in our node and in redis-server, by resident memory.
import { Connection } from '../../src/client/connection.js';
import { HOST, startPeer } from './peers.js';
import type { Kind } from './peers.js';

const KEYS = 1_000_000;
const BATCH = 5000;
const SETTLE_MS = 1500;

async function bytesPerKey(kind: Kind): Promise<number> {
  const peer = await startPeer(kind);
  const connection = await Connection.connect({ host: HOST, port: peer.port });
  try {
    const before = peer.rss();
    const value = 'v'.repeat(100);
    for (let at = 0; at < KEYS; at += BATCH) {
      await connection.pipeline(Array.from({ length: BATCH }, (_, i) => ['SET', `key:${String(at + i).padStart(6, '0')}`, value]));
    }
    await new Promise((done) => setTimeout(done, SETTLE_MS));
    return (peer.rss() - before) / KEYS;
  } finally {
    connection.close();
    await peer.stop();
  }
}

export async function benchMemory(print: (line: string) => void): Promise<void> {
  const ours = await bytesPerKey('ours');
  const real = await bytesPerKey('redis');
  print(`\nmemory: 1M keys of 10 bytes, values of 100: ${ours.toFixed(0)} bytes a key, redis-server ${real.toFixed(0)}, ratio ${(ours / real).toFixed(2)}`);
}
