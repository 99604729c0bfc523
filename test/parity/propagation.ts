// Compares what commands send to replicas: the effects of our node and the replication stream of a real server, line by line.
// A list is one line a command; `A> …` sends it on another connection and waits for no reply, `sleep n` lets n ms pass,
// `? …` compares the names of commands only (random members, order of keys).
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { describeWithServers } from '../support/redis-server.js';
import { readLine } from './lines.js';
import { RawConnection } from './raw-connection.js';
import { CollectingSink, StreamReader } from './replication-stream.js';
import type { Unit } from './replication-stream.js';
import { startPair } from './servers.js';
import type { Pair } from './servers.js';

/** Absolute times in ms: the two servers were asked at different moments. */
const TIME = /"(1[0-9]{12})"/g;
const TOLERANCE_MS = 10_000;

interface Side {
  readonly port: number;
  readonly links: Map<string, RawConnection>;
  units(mark: string): Promise<Unit[]>;
}

async function link(side: Side, name: string): Promise<RawConnection> {
  let one = side.links.get(name);
  if (!one) side.links.set(name, (one = await RawConnection.connect(side.port)));
  return one;
}

/** Sends a line, waits until it is served, and returns what was propagated. */
async function runLine(side: Side, line: string, mark: string): Promise<Unit[]> {
  const other = /^([A-Z])> (.*)$/.exec(line);
  const control = await link(side, 'control');
  if (line.startsWith('sleep ')) await new Promise((resolve) => setTimeout(resolve, Number(line.slice(6))));
  else if (other) (await link(side, other[1]!)).send([readLine(other[2]!).args]);
  else await (await link(side, 'main')).call(...readLine(line).args);
  // Two round trips on another connection: what was sent before has been served.
  for (let i = 0; i < 2; i++) await control.call('PING');
  await control.call('PUBLISH', '__mark', mark);
  return side.units(mark);
}

const times = (units: readonly Unit[]): number[] => [...JSON.stringify(units).replaceAll('\\"', '"').matchAll(TIME)].map((match) => Number(match[1]));
const timeless = (units: readonly Unit[]): Unit[] => units.map((unit) => unit.map((words) => words.replace(TIME, '"<ms>"')));
const shape = (units: readonly Unit[]): Unit[] => units.map((unit) => unit.map((words) => words.split(' ')[0]!));

/** Our node and a real one, and what both propagate. */
class StreamPair {
  private marks = 0;

  private constructor(
    private readonly pair: Pair,
    private readonly ours: Side,
    private readonly real: Side,
    private readonly stream: StreamReader,
  ) {}

  static async start(): Promise<StreamPair> {
    const pair = await startPair({ 'repl-diskless-sync': 'no' });
    const stream = await StreamReader.connect(pair.real.port);
    const sink = new CollectingSink();
    pair.ours.effects.attach(sink);
    const ours: Side = { port: pair.ours.port, links: new Map(), units: async () => sink.take().filter((unit) => !unit.at(-1)!.includes('__mark')) };
    const real: Side = { port: pair.real.port, links: new Map(), units: (mark) => stream.takeUntil(`"__mark" "${mark}"`) };
    return new StreamPair(pair, ours, real, stream);
  }

  async stop(): Promise<void> {
    for (const side of [this.ours, this.real]) for (const one of side.links.values()) one.close();
    this.stream.close();
    await this.pair.stop();
  }

  runBoth(line: string): Promise<[Unit[], Unit[]]> {
    const mark = `m${++this.marks}`;
    return Promise.all([runLine(this.ours, line, mark), runLine(this.real, line, mark)]);
  }

  /** Empty when both propagate the same, else one text with the line and both sides. */
  async difference(line: string): Promise<string[]> {
    const loose = line.startsWith('? ');
    const [a, b] = await this.runBoth(loose ? line.slice(2) : line);
    const [left, right] = loose ? [shape(a), shape(b)] : [timeless(a), timeless(b)];
    const late = times(a).some((at, i) => Math.abs(at - (times(b)[i] ?? 0)) > TOLERANCE_MS);
    if (JSON.stringify(left) === JSON.stringify(right) && (loose || !late)) return [];
    return [`${line}\n  ours: ${JSON.stringify(a)}\n  real: ${JSON.stringify(b)}`];
  }
}

/** Compares the propagation of a list of commands as one test. */
export type SameStream = (name: string, list: string) => void;

/** One suite of lists; each list starts with empty servers. */
export function propagationFile(name: string, lists: (sameStream: SameStream) => void): void {
  describeWithServers(['redis-7.0'], `parity: propagation of ${name}`, () => {
    let streams: StreamPair;
    beforeAll(async () => {
      streams = await StreamPair.start();
    });
    afterAll(() => streams.stop());
    beforeEach(async () => {
      for (const line of ['FLUSHALL', 'SELECT 0', 'DEBUG SET-ACTIVE-EXPIRE 0']) await streams.runBoth(line);
    });

    lists((list, text) => {
      const lines = text.split('\n').map((line) => line.trim()).filter((line) => line !== '');
      it(`${list} (${lines.length} lines)`, async () => {
        const wrong: string[] = [];
        for (const line of lines) wrong.push(...(await streams.difference(line)));
        expect(wrong.join('\n')).toBe('');
      });
    });
  });
}
