// Shows a rolling restart: the plan, a line for every event, and what is awaited. Never redraws lines, because the output of
// the user's command appears between them.
import { counted } from './views/count.js';
import type { RollingEvent, TurnNode } from '../apply/rolling/rolling.js';
import type { RollingPlan, RollingTurn } from '../plan/rolling.js';
import type { Io } from './io.js';
import { formatDuration } from './progress.js';

function turnText({ name, role, slotCount, successors, downtime }: RollingTurn): string {
  if (role === 'replica') return `${name}, a replica`;
  if (slotCount === 0) return `${name}, a master without slots`;
  if (downtime) return `${name}, a master whose ${counted(slotCount, 'slot', ['is', 'are'])} not served meanwhile`;
  return `${name}, a master of ${counted(slotCount, 'slot')}, after a failover to ${successors.map((one) => one.name).join(' or ')}`;
}

/** The order as a numbered list. `command`: the command for each node, if any; `back`: the nodes that become masters again. */
export function showRollingPlan(io: Io, plan: RollingPlan, command: ((turn: RollingTurn) => string) | undefined, back: readonly string[]): void {
  if (io.mode === 'json') return;
  const lines = plan.turns.flatMap((turn, index) => [`${String(index + 1).padStart(3)}. ${turnText(turn)}`, ...(command === undefined ? [] : [`       ${io.style.faint(command(turn))}`])]);
  const end = back.length === 0 ? [] : [`     At the end these become masters again: ${back.join(', ')}`];
  io.out([io.style.strong('One at a time; the next node follows when the cluster is complete:'), ...lines, ...end].join('\n'));
}

/** Milliseconds of waiting before the reason is printed, and between two such lines. */
const SAY_AFTER_MS = 2000;
const SAY_EVERY_MS = 10_000;

/** Prints events as they occur. With --json only on stderr. */
export function showRolling(io: Io): (event: RollingEvent) => void {
  const { style } = io;
  const say = (plain: string, person: string): void => {
    if (io.mode !== 'json') io.out(io.mode === 'plain' ? plain : person);
  };
  const head = ({ number, of, name, role }: TurnNode): void => say(`>>> Node ${number}/${of}: ${name} (${role})`, `${style.strong(`${number}/${of} ${name}`)} (${role})`);
  let told = 0;
  return (event) => {
    if (event.kind !== 'waiting') told = 0;
    if (event.kind === 'warning') io.warn(`${event.message}`);
    else if (event.kind === 'turn') head(event.node);
    else if (event.kind === 'handover') say(`>>> ${event.to} takes the place of ${event.from}`, `${style.accent(event.to)} takes the place of ${event.from}`);
    else if (event.kind === 'skipped') say(`${event.node.name} was skipped`, `  ${style.warn('skipped')}`);
    else if (event.kind === 'whole') {
      const text = `${event.node.name} ${event.restarted ? 'was restarted' : 'is reachable, not restarted'}, and the cluster is complete (${(event.ms / 1000).toFixed(1)} s)`;
      say(`[OK] ${text}`, `  ${style.good('✔')} ${text}`);
    } else if (event.waitedMs >= SAY_AFTER_MS + told * SAY_EVERY_MS) {
      told++;
      io.note(`waiting: ${event.problem} (${formatDuration(event.waitedMs / 1000)})`);
    }
  };
}
