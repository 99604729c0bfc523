// Which servers count as neighbours.
import { networkInterfaces } from 'node:os';
import { expect, it } from 'vitest';
import { isHere } from '../../src/cli/courtesy.js';

it('knows its own addresses from those of others', () => {
  const own = Object.values(networkInterfaces()).flatMap((entries) => entries?.map(({ address }) => address) ?? []);
  for (const address of ['127.0.0.1', '127.9.9.9', '::1', 'localhost', ...own]) expect(isHere(address)).toBe(true);
  for (const address of ['192.0.2.1', '2001:db8::1', 'redis-1.example', '']) expect(isHere(address)).toBe(false);
});
