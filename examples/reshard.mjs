// Starts three nodes in this process, moves 100 slots under plan and apply, and checks the result.
// Run: node examples/reshard.mjs
import { openCluster, planReshard } from 'redis-trib';
import { startCluster } from 'redis-trib/testing';

const nodes = await startCluster({ masters: 3 });
const cluster = await openCluster(nodes.nodes);
try {
  const [first, second] = nodes.nodes;
  const plan = planReshard(await cluster.healthyView(), { amount: { count: 100 }, from: [first.id], to: [second.id] });
  console.log(`${plan.steps.length} step(s): 100 slots from ${first.port} to ${second.port}`);
  await cluster.apply(plan);
  const { masters } = await cluster.healthyView();
  for (const { name, slots } of masters) console.log(`${name}: ${slots.size} slots`);
} finally {
  await cluster.close();
  await nodes.stop();
}
