// What a promotion would lose: refused, or with the user's flag a warning. Not here: judging it (apply/cluster/promotable.ts).
import type { Cluster } from '../../apply/open-cluster.js';
import { unlessAborted } from '../../apply/node/delay.js';
import { judgePromotion, type PromotionConsent } from '../../apply/cluster/promotable.js';
import type { planFailover } from '../../plan/role-change.js';
import type { ReplicaCopy } from '../../plan/replica-copy.js';
import type { SubcommandContext } from '../program/define.js';

export interface AllowedPromotion {
  readonly copy: ReplicaCopy | undefined;
  /** What is given up, for the question; undefined: nothing. */
  readonly givenUp: string | undefined;
}

/**
 * Judges the promotion before anything is sent. Warns of what is given up with the user's consent, and of a replica that does not
 * report. Throws NOT_IN_SYNC, NO_COPY, REPLICA_BEHIND_MASTER.
 */
export async function allowPromotion(cluster: Cluster, { node, master, steps }: ReturnType<typeof planFailover>, consent: PromotionConsent, { io, signal }: SubcommandContext): Promise<AllowedPromotion> {
  const [step] = steps;
  if (step?.kind !== 'failover') return { copy: undefined, givenUp: undefined };
  const { copy, refusal, loss } = await unlessAborted(judgePromotion(cluster, step, signal), signal);
  if (refusal !== undefined) io.warn(`${node.name} does not report whether it has a copy of the data of ${master.name}: ${refusal.message}`);
  if (loss === undefined) return { copy, givenUp: undefined };
  if (loss.consent === undefined || consent[loss.consent] !== true) throw loss.error;
  io.warn(loss.text);
  return { copy, givenUp: loss.consent === 'giveUpKeys' ? `all data of ${master.name}` : `the writes of ${master.name} that ${node.name} lacks` };
}
