// The messages of a move that makes no progress.
import { PassThrough } from 'node:stream';
import { expect, it } from 'vitest';
import { createIo } from '../../src/ui/io.js';
import { showMoving } from '../../src/ui/moving.js';

it('reports a node that is retried repeatedly once', async () => {
  const [stdin, stdout, stderr] = [new PassThrough(), new PassThrough(), new PassThrough()];
  const display = await showMoving(await createIo({ stdin, stdout, stderr }, {}, {}), 10);
  const node = { id: 'a', name: '127.0.0.1:7000' };
  const fail = (attempts: number, which = node): void => {
    for (let attempt = 1; attempt <= attempts; attempt++) display.onEvent({ kind: 'retry', node: which, reason: `No reply from ${which.name} within 300 ms`, attempt, delayMs: 20 });
  };
  fail(5); // not worth a word
  expect(stderr.read()).toBeNull();
  fail(9);
  fail(9);
  fail(6, { id: 'b', name: '127.0.0.1:7001' });
  display.failed();
  expect(String(stderr.read())).toBe('Retrying: No reply from 127.0.0.1:7000 within 300 ms\nRetrying: No reply from 127.0.0.1:7001 within 300 ms\n');
});
