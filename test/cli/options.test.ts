// Values that single options accept and refuse.
import { describe, expect, it } from 'vitest';
import { integer } from '../../src/cli/options/options.js';

const usage = expect.objectContaining({ exitCode: 2 }) as unknown;

describe('whole numbers', () => {
  const option = integer('N', 'so many', { min: 0, fallback: 0 });
  it('are accepted up to 2^53', () => expect(option.parse([String(Number.MAX_SAFE_INTEGER)], '--replicas')).toBe(Number.MAX_SAFE_INTEGER));
  it.each(['99999999999999999999', '9007199254740993', '1.5', 'x', '', '-1'])('"%s" is refused', (text) => expect(() => option.parse([text], '--replicas')).toThrow(usage));
});
