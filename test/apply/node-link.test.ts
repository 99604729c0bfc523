// Dialling nodes: one signal over many connections.
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { expect, it } from 'vitest';
import { dial } from '../../src/apply/node/node-link.js';

it('does not print MaxListenersExceededWarning when more than ten nodes are created', async () => {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const warnings: Error[] = [];
  const note = (warning: Error): number => warnings.push(warning);
  process.on('warning', note);
  const { signal } = new AbortController();
  const connections = await Promise.all(Array.from({ length: 20 }, () => dial({ host: '127.0.0.1', port }, { signal })));
  await new Promise((resolve) => setImmediate(resolve)); // warnings come a tick later
  process.off('warning', note);
  for (const connection of connections) connection.close();
  server.close();
  expect(warnings.filter(({ name }) => name === 'MaxListenersExceededWarning')).toEqual([]);
});
