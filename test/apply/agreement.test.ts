// Waiting until the members of a cluster know each other, where a MEET was lost.
import { expect, it } from 'vitest';
import { waitForAgreement } from '../../src/apply/cluster/agreement.js';
import { openNewNodes } from '../../src/apply/steps/create.js';
import type { ApplyEvent } from '../../src/apply/node/event.js';
import { openCluster } from '../../src/apply/open-cluster.js';
import { startCluster } from '../../src/testing.js';
import { startBundledNodes } from '../support/bundled-nodes.js';

it('meets a node again that a member forgot while the node was joining', async () => {
  await using cluster = await startCluster({ masters: 2 });
  await using spare = await startBundledNodes(1);
  const at = cluster.nodes.map(({ host, port }) => `${host}:${port}`);
  await using members = await openCluster(at[0] ?? '');
  await using newcomers = await openNewNodes([{ host: '127.0.0.1', port: Number(spare.address(0).split(':')[1]) }], members.options);
  const [newcomer] = [...newcomers.links.values()];
  const links = [...members.links.values()];
  if (newcomer === undefined) throw new Error('no newcomer');
  for (const link of links) await (await newcomer.admin()).meet('127.0.0.1', link.announced.port, link.busPort);
  const all = [...links, newcomer];
  await waitForAgreement(all, { timeoutMs: 10_000, members: all.map(({ id }) => id) });

  for (const link of links) await (await link.admin()).forget(newcomer.id);
  const waits: number[] = [];
  const onEvent = (event: ApplyEvent): void => void (event.kind === 'waiting' && waits.push(event.waitedMs));
  await waitForAgreement(all, { timeoutMs: 20_000, members: all.map(({ id }) => id), onEvent });
  expect(Math.max(...waits)).toBeGreaterThan(2500); // not at once: gossip is given the time it needs

  for (const link of links) await (await link.admin()).forget(newcomer.id);
  await expect(waitForAgreement(all, { timeoutMs: 1000, members: all.map(({ id }) => id) })).rejects.toMatchObject({ code: 'NO_AGREEMENT', message: expect.stringContaining('does not know 1 of 3 nodes') as string });
});
