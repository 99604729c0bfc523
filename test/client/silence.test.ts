// A process that was stopped for longer than its own time limits: replies that arrived meanwhile count, later silence still
// times out.
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { expect, it } from 'vitest';
import { Connection } from '../../src/client/connection.js';
import { limitSilence } from '../../src/client/silence.js';
import { describeWithRedis, startRedis } from '../support/redis-server.js';

/** Keeps this process from doing anything, as Ctrl-Z does. */
const standStill = (ms: number): void => void Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);

it('gives up on a silent server, and leaves no timer running', async () => {
  const server = createServer((socket) => socket.on('error', () => undefined));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const connection = await Connection.connect({ host: '127.0.0.1', port: (server.address() as AddressInfo).port });
  const start = performance.now();
  const lost = connection.command(['PING'], { timeoutMs: 50 });
  standStill(400);
  await expect(lost).rejects.toMatchObject({ code: 'TIMEOUT' });
  expect(performance.now() - start).toBeGreaterThan(435); // it had the rest of its time
  server.close();
});

it('does not count time before it began, although Node counts it', async () => {
  await new Promise<void>((resolve) => setImmediate(resolve));
  standStill(300);
  const start = performance.now();
  await new Promise<void>((over) => limitSilence(200, () => 0, over));
  expect(performance.now() - start).toBeGreaterThan(195);
});

it('checks again as long as data arrives', async () => {
  let bytes = 0;
  let looks = 0;
  const heard = (): number => (looks++ < 5 ? ++bytes : bytes);
  await new Promise<void>((over) => limitSilence(1, heard, over));
  expect(looks).toBe(7); // the last two of them found nothing new
  let called = false;
  limitSilence(1, () => 0, () => (called = true))();
  await new Promise<void>((over) => limitSilence(5, () => 0, over));
  expect(called).toBe(false);
});

describeWithRedis('a process that was suspended', () => {
  it('first processes data that arrived meanwhile', async () => {
    await using node = await startRedis();
    await using connection = await node.connect();
    await connection.command(['SET', 'big', 'x'.repeat(20_000_000)]);
    for (const [ms, command] of [[100, ['PING']], [200, ['GET', 'big']], [400, ['PING']]] as const) {
      const reply = connection.command(command, { timeoutMs: 50 });
      standStill(ms);
      expect(String(await reply).length).toBe(command[0] === 'PING' ? 4 : 20_000_000);
    }
    const dialling = Connection.connect({ host: node.host, port: node.port, connectTimeoutMs: 50 });
    standStill(150);
    (await dialling).close();
  });
});
