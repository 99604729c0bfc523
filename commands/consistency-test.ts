// redis-trib consistency-test: the tutorials' checker. Counters are written and read back through redirects while you
// reshard or fail nodes over; lost and unacknowledged writes are told. Exit code 1 for a lost one, and when nobody can tell.
import { seed } from '../src/cli/arguments.js';
import type { ConsistencyRun, Outcome } from '../src/cli/consistency.js';
import { defineCommand, type CommandContext } from '../src/cli/define.js';
import { decimal, integer, text } from '../src/cli/options.js';
import { ExitCode } from '../src/errors.js';

/** What a silent node is given after Ctrl-C. */
const HURRY_MS = 1000;
/** A command of the load is tried no longer than this: nodes fail over meanwhile. */
const LOAD_DEADLINE_MS = 15_000;

interface Tested extends Outcome {
  readonly seconds: number;
  readonly interrupted: boolean;
}

/** A line a second until the time is over or the user stops it. */
async function watch(run: ConsistencyRun, durationMs: number, context: CommandContext): Promise<void> {
  const { setTimeout: wait } = await import('node:timers/promises');
  const { lineTimes, totalsLine } = await import('../src/cli/consistency.js');
  const { io, signal } = context;
  const start = performance.now();
  for (const due of lineTimes(durationMs)) {
    if (!io.open || signal.aborted) return;
    const until = Math.ceil(start + due - performance.now());
    // An early end by the signal is what we wait for too.
    if (until > 0) await wait(until, undefined, { signal }).catch(() => undefined);
    // By the schedule, not by the clock: a timer may fire a little early.
    if (io.mode !== 'json') io.out(totalsLine(run.totals));
  }
}

function complain(context: CommandContext): (what: 'read' | 'write', error: unknown) => void {
  const said = new Set<string>();
  return (what, error) => {
    const text = `${what === 'read' ? 'Reading' : 'Writing'}: ${error instanceof Error ? error.message : String(error)}`;
    const kind = text.replace(/\d+ ms/g, '');
    if (said.has(kind) || said.size >= 100) return; // each kind of error once: thousands come while a node is away
    said.add(kind);
    context.io.note(text);
  };
}

/** Every acknowledged write is known to be there, and there were some. */
function passed({ lost, unverified, writes }: Tested): boolean {
  return lost === 0 && unverified.length === 0 && writes > 0;
}

function verdict({ lost, unacknowledged, unverified, writes }: Tested): string {
  const some = `${unverified.slice(0, 3).join(', ')}${unverified.length > 3 ? ' …' : ''}`;
  const known = unverified.length > 0 ? 'no loss was seen' : 'no acknowledged write was lost';
  return [
    lost > 0 ? `${lost} acknowledged writes were lost` : writes === 0 ? 'nothing was written, so nothing is known' : known,
    ...(unverified.length > 0 ? [`but ${unverified.length} counters with acknowledged writes could not be read back (${some})`] : []),
    ...(unacknowledged > 0 ? [`${unacknowledged} unacknowledged ones happened`] : []),
  ].join(', ');
}

export default defineCommand({
  args: seed,
  connects: true,
  options: {
    duration: decimal('SECONDS', 'stop after this long (default: run until Ctrl-C)', { min: 0.1, fallback: undefined }),
    rate: integer('N', 'rounds (a read and a write) a second, 0 for as many as possible', { min: 0, fallback: 0 }),
    workingSet: integer('N', 'how many counters', { min: 1, fallback: 1000 }),
    clients: integer('N', 'how many counters are worked on at the same time', { min: 1, max: 10_000, fallback: 16 }),
    prefix: text('TEXT', 'beginning of the names of the counters (default: none)'),
  },
  description: [
    'Prints a line a second: reads and writes so far with their errors, then, if there are any,',
    '"lost" (acknowledged writes that a read did not see) and "noack" (writes seen that were not acknowledged).',
    'At the end every counter is read back. Exit code 1 for a lost write, and when that is not known: nothing was written,',
    'or a counter with acknowledged writes could not be read back ("unverified" in --json). A silent node gets --command-timeout',
    'for that, and a second after Ctrl-C. The counters key_0 … stay in the cluster.',
  ].join('\n'),
  examples: ['redis-trib consistency-test 127.0.0.1:7000', 'redis-trib consistency-test 127.0.0.1:7000 --duration 30 --rate 500 --json'],
  async run({ args, options }, context): Promise<Tested> {
    const [{ ClusterClient }, { startableRun }, settings] = await Promise.all([import('../src/client/cluster-client.js'), import('../src/cli/counters.js'), context.connection(args.seed)]);
    const { openSeed } = await import('../src/cli/open.js');
    await (await openSeed(args.seed, context))[Symbol.asyncDispose](); // a clear word about a bad seed before thousands of errors
    const patienceMs = settings.commandTimeoutMs ?? LOAD_DEADLINE_MS;
    await using client = await ClusterClient.connect(args.seed.addresses, { ...settings, deadlineMs: Math.min(LOAD_DEADLINE_MS, patienceMs) });
    const { workingSet, clients, rate } = options;
    const run = startableRun(client, { workingSet, clients, rate, patienceMs, prefix: options.prefix ?? '', onError: complain(context) });
    context.signal.throwIfAborted();
    context.signal.addEventListener('abort', () => run.stop(Math.min(HURRY_MS, patienceMs)), { once: true });
    const started = performance.now();
    const finished = run.run();
    await Promise.race([watch(run, (options.duration ?? Infinity) * 1000, context), finished]);
    if (!context.signal.aborted) run.stop();
    const outcome = await finished;
    return { ...outcome, seconds: Math.round(performance.now() - started) / 1000, interrupted: context.signal.aborted };
  },
  render(result, { io }) {
    const { reads, writes, seconds } = result;
    io.note(`${reads} reads and ${writes} writes in ${seconds.toFixed(1)} s: ${io.errStyle[passed(result) ? 'good' : 'bad'](verdict(result))}.`);
  },
  exitCode: (result) => (result.lost > 0 ? ExitCode.failed : result.interrupted ? ExitCode.interrupted : passed(result) ? ExitCode.ok : ExitCode.failed),
});
