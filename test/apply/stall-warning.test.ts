// The time after which a source counts as unresponsive.
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { StallWarning } from '../../src/apply/mover/safety/stall-warning.js';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

it('warns once per silence, and never while no request is pending or replies arrive', async () => {
  let told = 0;
  const watch = new StallWarning(800, () => told++);
  watch.started();
  await vi.advanceTimersByTimeAsync(799);
  expect(told).toBe(0);
  watch.started(); // another one changes nothing
  await vi.advanceTimersByTimeAsync(10_000);
  expect(told).toBe(1);
  watch.ended(false); // given up: the same silence goes on
  watch.ended(false);
  watch.started();
  await vi.advanceTimersByTimeAsync(10_000);
  expect(told).toBe(1);
  watch.ended(true);
  await vi.advanceTimersByTimeAsync(10_000); // without a warning
  expect(told).toBe(1);
  for (let answers = 0; answers < 50; answers++) {
    watch.started();
    await vi.advanceTimersByTimeAsync(400);
    watch.ended(true);
  }
  expect(told).toBe(1);
  watch.started();
  await vi.advanceTimersByTimeAsync(900);
  expect(told).toBe(2);
  watch.close();
  expect(vi.getTimerCount()).toBe(0);
});
