// The connections that MIGRATE keeps: reuse, idle time, end.
import { afterEach, beforeEach, expect, it } from 'vitest';
import { ManualClock } from '../../../src/server/runtime/clock.js';
import { MigrateTargets, TargetUnreachable } from '../../../src/server/migrate/targets.js';
import { waitFor } from '../../support/redis-server.js';
import { FakeTarget } from './fake-target.js';

let target: FakeTarget;
let clock: ManualClock;
let targets: MigrateTargets;

beforeEach(async () => {
  target = await FakeTarget.start();
  clock = new ManualClock();
  targets = new MigrateTargets(clock);
});
afterEach(async () => {
  targets.close();
  await target.stop();
});
const take = (fresh = false) => targets.take('127.0.0.1', target.port, 1000, fresh);

it('reuses a kept connection, but never for two MIGRATEs at a time', async () => {
  const first = await take();
  const second = await take();
  expect(second.connection).not.toBe(first.connection);
  targets.give(first);
  expect((await take()).connection).toBe(first.connection);
  targets.give(first);
  expect((await take(true)).connection).not.toBe(first.connection);
});

it('closes connections that were not used for ten seconds', async () => {
  const kept = await take();
  targets.give(kept);
  clock.advance(9000);
  expect(kept.connection.isOpen).toBe(true);
  clock.advance(3000);
  expect(kept.connection.isOpen).toBe(false);
  expect((await take()).connection).not.toBe(kept.connection);
});

it('does not return a connection that the other side has closed', async () => {
  const kept = await take();
  targets.give(kept);
  target.hangUp();
  await waitFor(() => !kept.connection.isOpen, 'the end of the connection');
  expect((await take()).reused).toBe(false);
});

it('gives up connecting at the deadline, and distinguishes unknown names', async () => {
  // An address that never answers: the timeout is the clock's.
  const waiting = targets.take('192.0.2.1', 6379, 500, false).catch((error: unknown) => error);
  clock.advance(600);
  const error = await waiting;
  expect(error).toBeInstanceOf(TargetUnreachable);
  expect((error as TargetUnreachable).resolved).toBe(true);
  await expect(targets.take('no-such-host.invalid', 6379, 5000, false)).rejects.toMatchObject({ resolved: false });
});

it('ends with the node', async () => {
  const used = await take();
  targets.close();
  expect(used.connection.isOpen).toBe(false);
  await expect(take()).rejects.toBeInstanceOf(TargetUnreachable);
});
