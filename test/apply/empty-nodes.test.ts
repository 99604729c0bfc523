// Emptying nodes step by step: bundled nodes become empty ones; an interruption reports which nodes were changed.
import { expect, it } from 'vitest';
import { openNewNodes } from '../../src/apply/steps/create.js';
import { emptyNodes } from '../../src/apply/steps/empty-nodes.js';
import { planEmptying } from '../../src/plan/emptying.js';
import { startCluster } from '../../src/testing.js';

it('empties bundled nodes, and stops on abort', async () => {
  await using cluster = await startCluster({ masters: 3 });
  const places = cluster.nodes.map(({ host, port }) => ({ host, port }));
  await using used = await openNewNodes(places, {}, 'accept');
  const [first, second, third] = used.nodes;
  await (await used.links.get(first?.id ?? '')!.connection()).command(['SET', '{06S}a', '1']); // slot 0
  await using now = await openNewNodes(places, {}, 'accept');
  const plan = planEmptying(now.contents);
  expect(plan).toMatchObject({ keys: 1, nodes: [{ slots: 5461, knows: { named: 2, unlisted: 0 } }, {}, {}] });
  await expect(emptyNodes(plan, now.links, { signal: AbortSignal.abort() })).rejects.toMatchObject({
    code: 'ABORTED',
    exitCode: 130,
    message: expect.stringContaining(`(emptied: none; untouched: ${[first, second, third].map((node) => node?.name).join(', ')})`) as string,
  });
  const interruption = new AbortController();
  const events: string[] = [];
  const stopped = emptyNodes(plan, now.links, {
    signal: interruption.signal,
    onEvent: (event) => {
      if (event.kind === 'stepDone') events.push(event.step.kind);
      if (event.kind === 'stepDone' && event.step.kind === 'flush') interruption.abort();
    },
  });
  await expect(stopped).rejects.toMatchObject({ code: 'ABORTED', message: expect.stringContaining(`half way: ${first?.name ?? ''} (its keys are deleted)`) as string });
  expect(events).toContain('flush');
  await using again = await openNewNodes(places, {}, 'accept');
  await emptyNodes(planEmptying(again.contents), again.links);
  await using fresh = await openNewNodes(places);
  expect(fresh.nodes.map(({ id }) => id)).not.toContain(first?.id);
});
