// Shows nodes joining: the predecessors' lines when piped (cli.md 4.6), a progress line at a terminal.
import type { OnEvent } from '../apply/node/event.js';
import type { Step } from '../plan/step.js';
import type { Io } from './io.js';
import { wordingOf } from './views/dialect.js';

export interface JoiningDisplay {
  readonly onEvent: OnEvent;
  done(): void;
  failed(): void;
}

const PLAIN: Readonly<Partial<Record<Step['kind'], string>>> = {
  'set-config-epoch': '>>> Nodes configuration updated\n>>> Assign a different config epoch to each node',
  meet: '>>> Sending CLUSTER MEET messages to join the cluster',
  'await-agreement': 'Waiting for the cluster to join',
};

const PROGRESS_TEXT: Readonly<Partial<Record<Step['kind'], string>>> = {
  'add-slots': 'assigning slots',
  'set-config-epoch': 'assigning config epochs',
  meet: 'introducing the nodes to each other',
  'await-agreement': 'waiting for all nodes to agree',
  replicate: 'attaching replicas',
};

/** The predecessors' lines, with a dot per second of waiting: on a line of their own, or after the text. */
function plainDisplay(io: Io): JoiningDisplay {
  const { dotsOnLine } = wordingOf(io.lines);
  const said = new Set<Step['kind']>();
  let waiting = false;
  let dots = 0;
  return {
    onEvent(event) {
      if (event.kind === 'warning') io.warn(`${event.message}`);
      else if (event.kind === 'stepStarted' && !said.has(event.step.kind)) {
        said.add(event.step.kind);
        const line = PLAIN[event.step.kind];
        waiting = event.step.kind === 'await-agreement';
        if (line !== undefined) io.write(waiting && dotsOnLine ? line : `${line}\n`);
      } else if (event.kind === 'waiting' && waiting && event.waitedMs >= dots * 1000) {
        io.write('.');
        dots++;
      } else if (event.kind === 'stepDone' && event.step.kind === 'await-agreement' && waiting) {
        io.out('');
        waiting = false;
      }
    },
    done: () => undefined,
    failed: () => (waiting ? io.out('') : undefined),
  };
}

/** Starts the display for `nodes` nodes; `lines`: print the predecessors' lines, for create only. */
export async function showJoining(io: Io, nodes: number, lines = io.mode === 'plain'): Promise<JoiningDisplay> {
  if (lines) return plainDisplay(io);
  const progress = await io.progress(`Joining ${nodes} nodes`, { unit: 'nodes' });
  return {
    onEvent(event) {
      if (event.kind === 'warning') io.warn(`${event.message}`);
      else if (event.kind === 'stepStarted') progress.describe(PROGRESS_TEXT[event.step.kind] ?? event.step.kind);
      else if (event.kind === 'waiting' && event.for === 'serving') progress.describe(`waiting for all nodes to serve (cluster_state:ok, replicas in sync; ${Math.floor(event.waitedMs / 1000)} s)`);
      else if (event.kind === 'waiting' && event.waitedMs >= 1000) progress.describe(`${PROGRESS_TEXT['await-agreement'] ?? ''} (${Math.floor(event.waitedMs / 1000)} s)`);
    },
    done: () => progress.succeed(`Joined ${nodes} nodes`),
    failed: () => progress.stop(),
  };
}
