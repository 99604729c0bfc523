// When a source counts as silent.
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { SilenceWatch } from '../../src/apply/mover/silence-watch.js';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

it('is told once a silence, and not while nothing is asked or answers come', async () => {
  let told = 0;
  const watch = new SilenceWatch(800, () => told++);
  watch.begun();
  await vi.advanceTimersByTimeAsync(799);
  expect(told).toBe(0);
  watch.begun(); // another one changes nothing
  await vi.advanceTimersByTimeAsync(10_000);
  expect(told).toBe(1);
  watch.ended(false); // given up: the same silence goes on
  watch.ended(false);
  watch.begun();
  await vi.advanceTimersByTimeAsync(10_000);
  expect(told).toBe(1);
  watch.ended(true);
  await vi.advanceTimersByTimeAsync(10_000); // nobody asks
  expect(told).toBe(1);
  for (let answers = 0; answers < 50; answers++) {
    watch.begun();
    await vi.advanceTimersByTimeAsync(400);
    watch.ended(true);
  }
  expect(told).toBe(1);
  watch.begun();
  await vi.advanceTimersByTimeAsync(900);
  expect(told).toBe(2);
  watch.close();
  expect(vi.getTimerCount()).toBe(0);
});
