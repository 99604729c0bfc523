// Carries out the steps of a plan: adjacent steps of the same kind together, kinds in order. Each kind is one small function.
// Not here: making plans, loading clusters, the mover.
import { SlotSet } from '../cluster/slot-set.js';
import type { ClusterView } from '../cluster/view.js';
import { emptiedMasters } from '../plan/emptied-masters.js';
import type { MoveStep, Step } from '../plan/step.js';
import { TribError } from '../errors.js';
import { ReplyError } from '../resp/reply.js';
import { waitForAgreement } from './cluster/agreement.js';
import { countingEvictions, findEvictingTargets, requireRoom, tooSmall } from './cluster/evicting-targets.js';
import { lockMoves } from './cluster/move-lock.js';
import { lockFailovers } from './cluster/role-guard.js';
import { settleRoles, withReplicas } from './cluster/settle-roles.js';
import { requireNoStrayKeys, strayKeysGuard } from './cluster/stray-keys.js';
import { delay, unlessAborted } from './node/delay.js';
import type { ApplyStats, OnEvent } from './node/event.js';
import { moveByMethod } from './move-by-method.js';
import type { MoverOptions } from './mover/pacing/options.js';
import type { NodeLink } from './node/node-link.js';
import { runNodeStep } from './steps/node-step.js';
import { requireUnchanged } from './steps/unchanged.js';
import type { StepJob } from './steps/step-job.js';
import { addStats, NOTHING } from './node/tally.js';

export interface ApplyOptions extends MoverOptions {
  readonly onEvent?: OnEvent;
  /** Abort: moves finish their open slots, other steps stop as they are; then ABORTED is thrown. */
  readonly signal?: AbortSignal;
  /** Milliseconds to wait for nodes to join and agree; default 60000. */
  readonly agreementTimeoutMs?: number;
  /** Forced failovers may lose writes: of a master that the replica lags behind, and of slots that are being moved. */
  readonly loseWrites?: boolean;
  /** Keys that only a node holds which leaves or becomes a replica may be lost. */
  readonly giveUpKeys?: boolean;
  /** Slots may move to a node that cannot hold their keys and evicts keys (maxmemory-policy). */
  readonly allowEviction?: boolean;
}

/** What the steps work on. */
export interface ApplyContext {
  /** May change with every fresh view. */
  readonly links: ReadonlyMap<string, NodeLink>;
  /** The view that the plan was made for: a node that holds more slots when its turn comes is not emptied or removed. */
  readonly judged?: ClusterView;
  /** A fresh view, for steps that depend on slot owners. */
  view(): Promise<ClusterView>;
}

interface Job {
  readonly context: ApplyContext;
  readonly options: ApplyOptions;
  readonly emit: OnEvent;
}

function linkOf(job: Job, id: string): NodeLink {
  const link = job.context.links.get(id);
  if (link === undefined) throw new TribError('NO_SUCH_NODE', `The plan names node ${id}, which is not a reachable member of this cluster`, { hint: 'make a new plan' });
  return link;
}

/** Transient refusals, until gossip has propagated. */
const NOT_YET = /unknown node|don't know about node|only replicate a master/i;

/** Repeats a refused command while the node may not know another yet; at most 10 s. */
async function onceKnown(job: Job, work: () => Promise<void>): Promise<void> {
  const deadline = Date.now() + 10_000;
  for (;;) {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof ReplyError) || !NOT_YET.test(error.message) || Date.now() > deadline) throw error;
      await delay(50, job.options.signal);
    }
  }
}

async function single(job: Job, step: Step): Promise<void> {
  switch (step.kind) {
    case 'add-slots':
      return (await linkOf(job, step.node).admin()).addSlots(SlotSet.fromRanges(step.slots));
    case 'set-config-epoch':
      return setConfigEpoch(job, step.node, step.epoch);
    case 'meet':
      return meet(job, step.node, step.peer);
    case 'replicate':
      return onceKnown(job, async () => (await linkOf(job, step.node).admin()).replicate(step.master));
    case 'await-agreement':
      return waitForAgreement([...job.context.links.values()], agreement(job));
    case 'move-slots':
      throw new TribError('INTERNAL', 'move steps are carried out together');
    default:
      return runNodeStep(nodeJob(job), step);
  }
}

function nodeJob(job: Job): StepJob {
  const { options, context, emit } = job;
  return { link: (id) => linkOf(job, id), links: [...context.links.values()], emit, signal: options.signal, timeoutMs: options.agreementTimeoutMs ?? 60_000 };
}

function agreement(job: Job): Parameters<typeof waitForAgreement>[1] {
  const { options } = job;
  return {
    members: [...job.context.links.keys()],
    repeatMeet: true,
    onEvent: job.emit,
    ...(options.agreementTimeoutMs === undefined ? {} : { timeoutMs: options.agreementTimeoutMs }),
    ...(options.signal === undefined ? {} : { signal: options.signal }),
  };
}

/** A node that already has an epoch keeps it: epochs must only differ, and servers resolve collisions themselves. */
async function setConfigEpoch(job: Job, id: string, epoch: number): Promise<void> {
  const link = linkOf(job, id);
  try {
    await (await link.admin()).setConfigEpoch(epoch);
  } catch (error) {
    if (!(error instanceof ReplyError)) throw error;
    job.emit({ kind: 'warning', code: 'CONFIG_EPOCH', message: `${link.name} keeps its present config epoch: ${error.message}` });
  }
}

async function meet(job: Job, id: string, peerId: string): Promise<void> {
  const peer = linkOf(job, peerId);
  await (await linkOf(job, id).admin()).meet(await peer.meetHost(), peer.announced.port, peer.busPort);
}

async function together(job: Job, steps: readonly Step[], first: number): Promise<ApplyStats> {
  const moves = steps.filter((step): step is MoveStep => step.kind === 'move-slots');
  steps.forEach((step, index) => job.emit({ kind: 'stepStarted', index: first + index, step }));
  let stats = NOTHING;
  if (moves.length > 0) {
    const { context, options, emit } = job;
    const ends = new Set(moves.flatMap(({ source, target }) => [source, target]));
    using _lock = await lockMoves([...ends].flatMap((id) => context.links.get(id) ?? []), options.signal);
    const view = await context.view(); // Under the lock: no other administrator changes it from here on.
    const { links } = context;
    const cluster = { view, links };
    const guarded = options.giveUpKeys !== true;
    if (guarded) await unlessAborted(requireNoStrayKeys(cluster, moves), options.signal); // Some may be new since the plan was made.
    const beforeLastSlot = guarded ? strayKeysGuard(cluster, moves) : undefined;
    const request = { ...cluster, steps: moves, options, onEvent: emit, signal: options.signal, ...(beforeLastSlot === undefined ? {} : { beforeLastSlot }) };
    const targets = await unlessAborted(findEvictingTargets(cluster, moves), options.signal);
    if (options.allowEviction !== true) requireRoom(tooSmall(targets));
    stats = await countingEvictions(cluster, targets, emit, () => moveByMethod(request, async () => ({ view: await context.view(), links: context.links })));
    await settleRoles(withReplicas(view, emptiedMasters(view, moves)), context.links, options.signal);
  } else {
    using _lock = steps[0]?.kind === 'failover' ? await lockFailovers(job.context.links, steps, job.options) : undefined;
    const { judged, links } = job.context;
    if (judged !== undefined) await unlessAborted(requireUnchanged(steps, judged, links), job.options.signal);
    await unlessAborted(Promise.all(steps.map((step) => single(job, step))), job.options.signal);
  }
  steps.forEach((step, index) => job.emit({ kind: 'stepDone', index: first + index, step }));
  return stats;
}

/** Carries out steps in order. Throws the first failing step's error; earlier steps stay done. */
export async function applySteps(context: ApplyContext, steps: readonly Step[], options: ApplyOptions = {}): Promise<ApplyStats> {
  const start = Date.now();
  const job: Job = { context, options, emit: options.onEvent ?? (() => undefined) };
  let stats = NOTHING;
  for (let at = 0; at < steps.length; ) {
    const kind = steps[at]?.kind;
    let end = at + 1;
    while (end < steps.length && steps[end]?.kind === kind) end++;
    stats = addStats(stats, await together(job, steps.slice(at, end), at));
    at = end;
  }
  await settleRoles(new Set(steps.flatMap((step) => (step.kind === 'replicate' ? [step.node] : []))), context.links, options.signal);
  return { ...stats, ms: Date.now() - start };
}
