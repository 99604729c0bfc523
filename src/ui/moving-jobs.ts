// Shows atomic migrations: redis-cli 8.10's two lines when piped (cli.md 6.5), the state of the latest job in the progress line
// at a terminal, and a regular line for long ones.
import { counted } from './views/count.js';
import type { ApplyEvent } from '../apply/node/event.js';
import type { Io } from './io.js';

type Seen = Extract<ApplyEvent, { kind: 'jobSeen' }>;
type Done = Extract<ApplyEvent, { kind: 'jobDone' }>;

/** Milliseconds between two lines when no progress line is drawn. */
const REPORT_EVERY_MS = 10_000;

export interface JobsDisplay {
  seen(event: Seen): void;
  done(event: Done): void;
}

function announced({ slots, source, target }: Seen | Done): string {
  return `Moving ${slots} slots from ${source.name} to ${target.name}`;
}

/** `status`: shows the present activity. `line`: prints the predecessors' lines; absent where progress is drawn. */
export function showJobs(io: Io, status: (text: string) => void, line: ((text: string) => void) | undefined): JobsDisplay {
  const told = new Map<string, number>();
  return {
    seen(event) {
      status(`${counted(event.slots, 'slot')} from ${event.source.name} to ${event.target.name}: ${event.state}`);
      if (line === undefined) return;
      const last = told.get(event.id);
      if (last === undefined) line(announced(event));
      else if (event.ms - last >= REPORT_EVERY_MS) io.note(`Migration ${event.id}: ${event.state} for ${Math.round(event.ms / 1000)} s`);
      if (last === undefined || event.ms - last >= REPORT_EVERY_MS) told.set(event.id, event.ms);
    },
    done(event) {
      if (line === undefined) return;
      if (!told.has(event.id)) line(announced(event));
      line(`Waiting for migration task ${event.id} to complete ${'.'.repeat(Math.floor(event.ms / 1000))}`);
    },
  };
}
