// Whether the cluster serves, as seen from here: coverage and majority (cluster-node.md 3.10).
import { SLOTS, WRITABLE_DELAY_MS } from '../wire/constants.js';
import { NodeFlag } from './flags.js';
import type { ClusterState } from './state.js';
import type { LogLevel } from '../../runtime/log.js';

/** The parts of a StepContext that are used here. */
interface AvailabilityContext {
  readonly state: ClusterState;
  readonly now: number;
  log(level: LogLevel, text: string): void;
  emit(effect: { readonly kind: 'stateChanged'; readonly ok: boolean }): void;
}

/** Recomputes the cluster state and size; emits `stateChanged` when the state changed. */
export function updateAvailability(context: AvailabilityContext): void {
  const { state, now } = context;
  const { settings } = state.env;
  if (state.firstEvaluation === 0) state.firstEvaluation = now;
  const master = state.myself.isMaster;
  const mayDelay = master && !settings.servesAtOnce;
  if (mayDelay && !state.ok && now - state.firstEvaluation < WRITABLE_DELAY_MS) return;
  let ok = !settings.requireFullCoverage || state.fullyCovered();
  if (!majorityReachable(context)) {
    ok = false;
    state.minorityTime = now;
  }
  if (ok === state.ok) return;
  // A master that was in a minority waits, so that it first learns from the majority which replica replaced it.
  if (ok && mayDelay && now - state.minorityTime < rejoinDelay(settings.nodeTimeout)) return;
  state.ok = ok;
  context.log('warning', `Cluster state changed: ${ok ? 'ok' : 'fail'}`);
  context.emit({ kind: 'stateChanged', ok });
}

function majorityReachable(context: AvailabilityContext): boolean {
  const { state } = context;
  let size = 0;
  let reachable = 0;
  for (const node of state.nodes) {
    if (!node.isMaster || node.slots.count === 0) continue;
    size++;
    if ((node.flags & (NodeFlag.pfail | NodeFlag.fail)) === 0) reachable++;
  }
  state.size = size;
  if (state.slots.assigned === SLOTS) state.sizeWhenCovered = size;
  return reachable >= quorum(size);
}

/** How many of `size` masters make a majority. */
export function quorum(size: number): number {
  return Math.floor(size / 2) + 1;
}

function rejoinDelay(nodeTimeout: number): number {
  return Math.min(Math.max(nodeTimeout, 500), 5000);
}
