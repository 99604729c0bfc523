// Whether servers can replicate at all, asked before anything is changed: the bundled node of some versions can neither be a
// replica nor have one. Not here: waiting for a replica (steps/replication.ts).
import { ExitCode, TribError } from '../errors.js';
import { ReplyError } from '../resp/reply.js';
import { asString, parseInfo } from '../client/read-reply.js';
import type { Step } from '../plan/step.js';
import type { NodeLink } from './node-link.js';
import { mapBounded } from './parallel.js';

/** What a bundled node calls itself in INFO. */
const BUNDLED = 'redis-trib-server';

/**
 * What the node answers to a replica's first words, if it is an error. Only bundled nodes are asked: to all others it would
 * begin a copy of their data.
 */
async function refusal(link: NodeLink): Promise<string | undefined> {
  const info: unknown = (await (await link.connection()).pipeline([['INFO', 'server']]))[0];
  if (typeof info !== 'string' || parseInfo(asString(info)).get('redis_build_id') !== BUNDLED) return undefined;
  await using own = await link.dial();
  const [reply] = await own.pipeline([['PSYNC', '?', '-1']]);
  return reply instanceof ReplyError && reply.code !== 'NOPERM' ? reply.message : undefined;
}

/**
 * Asks all masters and replicas of the plan. Throws NO_REPLICATION, with exit code 1, for the first that can't. Nodes that
 * are not connected are not asked.
 */
export async function requireReplication(steps: readonly Step[], links: ReadonlyMap<string, NodeLink>): Promise<void> {
  const orders = steps.filter((step) => step.kind === 'replicate');
  const masters = new Set(orders.map(({ master }) => master));
  const asked = [...new Set([...orders.map(({ node }) => node), ...masters])].flatMap((id) => links.get(id) ?? []);
  const answers = await mapBounded(asked, 64, refusal);
  for (const [index, link] of asked.entries()) {
    const answer = answers[index];
    if (answer === undefined) continue;
    const what = masters.has(link.id) ? 'have replicas' : 'be a replica';
    throw new TribError('NO_REPLICATION', `${link.name} is a bundled node, which cannot ${what} yet: ${answer}`, {
      exitCode: ExitCode.failed,
      hint: 'nothing was changed; replicas and their masters are nodes of redis-server or valkey-server',
    });
  }
}
