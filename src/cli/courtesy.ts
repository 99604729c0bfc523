// Manners of a program that works beside the servers it administers: they go first, and its engine does not take the cores
// for itself. Wishes only: where the system refuses them, everything works all the same.
import { readdirSync } from 'node:fs';
import { getPriority, setPriority } from 'node:os';
import { setFlagsFromString } from 'node:v8';
import { isHere } from '../client/here.js';

/** Major version of Node up to which the engine has the flags below; it complains on stderr about one it doesn't know. */
const FLAGS_KNOWN_UP_TO = 22;

/**
 * Engine settings of a program that lives for a second. Optimising a function costs more than it saves in so short a
 * life, on a core that servers want: it was two fifths of a reshard's own time. What stays hot for long is still optimised,
 * later. And the young generation stays small and is collected by one thread: a collection of a large one stops us for
 * milliseconds on a core that a server may want, and helpers would take the other one too.
 */
function beShortLived(): void {
  if (Number(process.versions.node.split('.')[0]) > FLAGS_KNOWN_UP_TO) return;
  setFlagsFromString('--interrupt-budget=2000000');
  setFlagsFromString('--semi-space-growth-factor=1');
  setFlagsFromString('--no-parallel-scavenge');
}

/** Steps of niceness beside servers; never so many that a busy machine starves us in the middle of a move. */
const COURTESY = 10;
/** For the engine's own threads, which compile and collect: they use up whole time slices, and nobody waits for them. */
const BACKGROUND = 15;

/** Lets servers on this machine go first, and returns whether there are any; `hosts`: where the servers are. */
export function giveWay(hosts: readonly string[]): boolean {
  if (!hosts.some(isHere)) return false;
  try {
    setPriority(Math.max(getPriority(), COURTESY));
    // Niceness is a thread's own on Linux; elsewhere there is no such list, and the process has been told.
    for (const thread of readdirSync('/proc/self/task')) if (Number(thread) !== process.pid) setPriority(Number(thread), BACKGROUND);
  } catch {
    return true; // a wish, no need
  }
  return true;
}

/** What moves keys, and starts no other program: that would inherit the manners. */
const MOVING = new Set(['reshard', 'rebalance', 'apply', 'fix', 'import']);

const ADDRESS = /^(?:\S+=)?\[?(127\.[\d.]+|::1|localhost)\]?:\d+$/;
const HOST = /^(127\.[\d.]+|::1|localhost)$/;
const PORT = /^\d{1,5}$/;

/** The host that a word names: `host:port`, `host` before a port, or `-h host` and `-p port`, in either order. */
function hostAt(argv: readonly string[], at: number): string | undefined {
  const word = argv[at] ?? '';
  const joined = ADDRESS.exec(word)?.[1];
  if (joined !== undefined || !HOST.test(word)) return joined;
  const parted = argv[at - 1] === '-h' ? argv.includes('-p') : PORT.test(argv[at + 1] ?? '');
  return parted ? word : undefined;
}

/** The hosts of this machine that a command line for moving keys names, in any of its spellings. */
export function neighbours(argv: readonly string[]): string[] {
  if (!argv.some((word) => MOVING.has(word))) return [];
  return argv.flatMap((_, at) => hostAt(argv, at) ?? []);
}

/**
 * To be called before anything else is loaded: loading takes a tenth of a second on a crowded machine. `argv`: the words
 * behind the program's name.
 */
export async function mindServers(argv: readonly string[]): Promise<void> {
  beShortLived();
  if (!giveWay(neighbours(argv))) return;
  const { goLast } = await import('./last-in-line.js');
  void goLast(); // never rejects
}
