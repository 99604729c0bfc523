// Free and taken ports, with bus ports.
import { createServer, type Server } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { BUS_OFFSET, HIGHEST_PORT, findFreeRun, isFree, requireFree, takenPorts } from '../../src/local/ports.js';
import { freePort } from '../support/redis-server.js';

const HOST = '127.0.0.1';

describe('free ports', () => {
  let holder: Server;
  let base = 0;

  beforeAll(async () => {
    base = await freePort();
    holder = createServer();
    await new Promise<void>((resolve) => holder.listen(base + BUS_OFFSET, HOST, resolve));
  });
  afterAll(() => holder.close());

  it('do not include a port whose bus port is in use', async () => {
    expect(await takenPorts(HOST, [base])).toEqual([base + BUS_OFFSET]);
  });
  it('are suggested when the requested ports are in use, which are named', async () => {
    await expect(requireFree(HOST, [base])).rejects.toMatchObject({
      code: 'PORT_TAKEN',
      message: expect.stringContaining(`${base + BUS_OFFSET} (the bus port of ${base})`) as string,
      hint: expect.stringMatching(/^use other ports: --port \d+/) as string,
    });
  });
  it('are named also when there are none to suggest', async () => {
    let port = HIGHEST_PORT;
    while (!(await isFree(HOST, port))) port--;
    const high = createServer();
    await new Promise<void>((resolve) => high.listen(port, HOST, resolve));
    try {
      await expect(requireFree(HOST, [port])).rejects.toMatchObject({ message: expect.stringContaining(`port ${port} on`) as string, hint: 'use other ports: a lower --port' });
    } finally {
      high.close();
    }
  });
  it('are refused as wrong usage when there is no room for a bus port', async () => {
    await expect(requireFree(HOST, [60_000])).rejects.toMatchObject({ code: 'USAGE', exitCode: 2 });
  });
  it('are found as a consecutive run, or an error reports that there is none', async () => {
    const found = await findFreeRun(HOST, base, 2);
    expect(found).toBeGreaterThanOrEqual(base + 100);
    await expect(findFreeRun(HOST, 55_000, 1000)).rejects.toMatchObject({ code: 'PORT_TAKEN' });
  });
});
