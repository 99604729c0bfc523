// Long time slices for a program beside servers: since Linux 6.12 a thread may say how long it likes to keep a core, and one
// that wakes up with a shorter slice gets the core before it, mostly. All keep their share: nobody starves, nobody needs rights.
import { execFile } from 'node:child_process';
import { release } from 'node:os';

/** Linux' numbers of sched_setattr(2) and sched_getattr(2). */
const CALLS: Readonly<Partial<Record<NodeJS.Architecture, readonly [number, number]>>> = { x64: [314, 315], arm64: [274, 275], riscv64: [274, 275] };
/** The first version whose sched_setattr(2) takes a slice for ordinary threads. */
const [MAJOR, MINOR] = [6, 12];
/** The longest one that Linux takes, nanoseconds. */
const SLICE_NS = 100_000_000;
const DEADLINE_MS = 2000;

/**
 * perl is on nearly every Linux; chrt knows slices only since util-linux 2.41. Every thread keeps what it has, its niceness
 * above all, but for class (batch: wakes up without pushing anybody aside) and slice. Fields of struct sched_attr: size,
 * policy, flags, nice, priority, runtime, deadline, period, two bounds of utilisation.
 */
const PROGRAM = `
my ($set, $get, $slice, $pid) = map { $_ + 0 } @ARGV;
opendir my $tasks, "/proc/$pid/task" or die $!;
for my $thread (grep { /^[0-9]+$/ } readdir $tasks) {
  my $attributes = "\\0" x 56;
  syscall($get, $thread + 0, $attributes, 56, 0) == 0 or next;
  my @fields = unpack "LLQlLQQQLL", $attributes;
  @fields[1, 5] = (3, $slice);
  $attributes = pack "LLQlLQQQLL", @fields;
  syscall($set, $thread + 0, $attributes, 0) == 0 or die $!;
}`;

/** Whether a system knows slices of ordinary threads; `version`: what uname calls its release. */
export function knowsSlices(platform: NodeJS.Platform, version: string): boolean {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  return platform === 'linux' && (major > MAJOR || (major === MAJOR && minor >= MINOR));
}

/** Gives every thread of this process a long slice. Resolves with whether it worked; it never rejects. */
export async function takeLongSlices(): Promise<boolean> {
  const calls = CALLS[process.arch];
  if (calls === undefined || !knowsSlices(process.platform, release())) return false;
  return new Promise((resolve) => {
    const args = ['-e', PROGRAM, ...[...calls, SLICE_NS, process.pid].map(String)];
    const child = execFile('perl', args, { timeout: DEADLINE_MS }, (error) => resolve(error === null));
    child.unref();
  });
}
