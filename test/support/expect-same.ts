// The comparison for loops of thousands of steps: `expect` costs about 20 µs even when the values are equal.
import { expect } from 'vitest';

/** Fails as `expect(actual, what).toBe(expected)` does. */
export function expectSame(actual: unknown, expected: unknown, what?: string): void {
  if (!Object.is(actual, expected)) expect(actual, what).toBe(expected);
}
