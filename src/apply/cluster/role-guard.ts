// Keeps role changes away from slots that are being moved. A promoted replica does not know the open slots of its master (most
// servers do not replicate SETSLOT): clients miss the keys that have moved, and the mover may give a slot away with keys that it
// has not seen. A target that becomes a replica or is reset loses the keys that it has received. Only nodes that can be
// reached are asked: a dead master must still be replaceable. Not here: the lock itself (move-lock.ts).
import { TribError } from '../../errors.js';
import type { NodeStep } from '../../plan/node-steps.js';
import type { Step } from '../../plan/step.js';
import type { NodeLink } from '../node/node-link.js';
import { mapBounded } from '../node/parallel.js';
import { requireNoJobs } from './job-guard.js';
import { ownMasterLine } from './own-master-line.js';
import { lockMoves, requireNoMover, type MoveLock } from './move-lock.js';

/** What the caller accepts. */
export interface GuardConsent {
  /** A forced failover may interrupt a move. */
  readonly loseWrites?: boolean;
  /** A node with open slots may be reset, or replicate another one. */
  readonly giveUpKeys?: boolean;
  readonly signal?: AbortSignal | undefined;
}

type Links = ReadonlyMap<string, NodeLink>;
type FailoverStep = Extract<NodeStep, { kind: 'failover' }>;

const AT_ONCE = 32;
const PROMOTE_NEVERTHELESS = '; to promote the replica nevertheless: --force --lose-writes';

/** Slots that the node has open itself; 0 when it cannot be asked. */
async function openSlotsOf(link: NodeLink): Promise<number> {
  const self = await ownMasterLine(link);
  return self === undefined ? 0 : self.migrating.size + self.importing.size;
}

async function requireClosed(links: readonly NodeLink[], refused: (link: NodeLink, count: number) => TribError): Promise<void> {
  const counts = await mapBounded(links, AT_ONCE, openSlotsOf);
  links.forEach((link, index) => {
    const count = counts[index] ?? 0;
    if (count > 0) throw refused(link, count);
  });
}

function failoverRefused({ name }: NodeLink, count: number): TribError {
  return new TribError('OPEN_SLOTS', `${name} has ${count} open slots, which its replica may not know: after a failover clients would miss keys that have moved, and writes would be lost`, {
    hint: `wait until the reshard is done, or complete an interrupted one: redis-trib fix ${name}${PROMOTE_NEVERTHELESS}`,
  });
}

function leavingRefused({ name }: NodeLink, count: number): TribError {
  return new TribError('OPEN_SLOTS', `${name} has ${count} open slots: keys of them that are only there would be lost`, { hint: `wait until the reshard is done, or complete an interrupted one: redis-trib fix ${name}` });
}

/** Masters that are to be replaced, except by failovers that may interrupt a move. */
function replacedBy(links: Links, steps: readonly Step[], { loseWrites }: GuardConsent): NodeLink[] {
  const failovers = steps.filter((step): step is FailoverStep => step.kind === 'failover').filter(({ mode }) => mode === 'manual' || loseWrites !== true);
  return failovers.flatMap(({ master }) => links.get(master) ?? []);
}

/** Nodes that lose their data, or that no node lists afterwards. */
function leaving(links: Links, steps: readonly Step[]): NodeLink[] {
  const ids = steps.flatMap((step) => (step.kind === 'replicate' || step.kind === 'reset' || step.kind === 'shutdown' ? [step.node] : step.kind === 'forget' ? [step.target] : []));
  return [...new Set(ids)].flatMap((id) => links.get(id) ?? []);
}

/**
 * Checked before anything is asked or sent. Throws MOVING_NOW when another redis-trib moves slots of a node that is to be
 * replaced or to leave, JOB_RUNNING when the servers do, OPEN_SLOTS when such a master has open slots.
 */
export async function requireNoMoves({ links }: { readonly links: Links }, steps: readonly Step[], consent: GuardConsent): Promise<void> {
  const [masters, others] = [replacedBy(links, steps, consent), leaving(links, steps)];
  if (masters.length + others.length === 0) return;
  await requireNoMover([...new Set([...masters, ...others])], consent.signal);
  await requireNoJobs(masters, PROMOTE_NEVERTHELESS);
  if (consent.giveUpKeys !== true) await requireNoJobs(others);
  await requireClosed(masters, failoverRefused);
  if (consent.giveUpKeys !== true) await requireClosed(others, leavingRefused);
}

/**
 * Resolves with a lock under which no other redis-trib moves slots of the shards that fail over. Throws MOVING_NOW, JOB_RUNNING,
 * OPEN_SLOTS, ABORTED. Failovers that may interrupt a move are not locked.
 */
export async function lockFailovers(links: Links, steps: readonly Step[], consent: GuardConsent): Promise<MoveLock> {
  const masters = replacedBy(links, steps, consent);
  const lock = await lockMoves(masters, consent.signal);
  try {
    await requireNoJobs(masters, PROMOTE_NEVERTHELESS);
    await requireClosed(masters, failoverRefused);
    return lock;
  } catch (error) {
    lock.release();
    throw error;
  }
}
