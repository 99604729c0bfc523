// Which servers count as neighbours.
import { networkInterfaces } from 'node:os';
import { expect, it } from 'vitest';
import { neighbours } from '../../src/cli/courtesy.js';
import { isHere } from '../../src/client/here.js';

it('knows its own addresses from those of others', () => {
  const own = Object.values(networkInterfaces()).flatMap((entries) => entries?.map(({ address }) => address) ?? []);
  for (const address of ['127.0.0.1', '127.9.9.9', '::1', 'localhost', ...own]) expect(isHere(address)).toBe(true);
  for (const address of ['192.0.2.1', '2001:db8::1', 'redis-1.example', '']) expect(isHere(address)).toBe(false);
});

it('sees before anything else that keys will move beside servers', () => {
  expect(neighbours(['--cluster', 'reshard', '127.0.0.1:7000', '--cluster-yes'])).toEqual(['127.0.0.1']);
  expect(neighbours(['import', '[::1]:7000', '--from=localhost:6379'])).toEqual(['::1', 'localhost']);
  expect(neighbours(['reshard', '10.0.0.1:7000'])).toEqual([]);
  expect(neighbours(['rolling', '127.0.0.1:7000', '--command', 'restart'])).toEqual([]);
  expect(neighbours(['reshard', '127.0.0.1', '7000', '--yes'])).toEqual(['127.0.0.1']);
  expect(neighbours(['--cluster', 'rebalance', 'localhost', '7000'])).toEqual(['localhost']);
  expect(neighbours(['-h', '127.0.0.1', '-p', '7000', '--cluster', 'fix', '10.0.0.1:7000'])).toEqual(['127.0.0.1']);
  expect(neighbours(['-p', '7000', '-h', '::1', 'reshard'])).toEqual(['::1']);
  expect(neighbours(['reshard', '10.0.0.1', '7000', '--user', 'localhost'])).toEqual([]);
  expect(neighbours(['reshard', '10.0.0.1:7000', '--slots', '127', '-h', 'localhost'])).toEqual([]);
});
