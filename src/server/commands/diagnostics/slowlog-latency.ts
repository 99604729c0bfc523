// SLOWLOG and LATENCY: slow events.
import type { Args } from '../../exec/command.js';
import { ErrorReply, OK, VerbatimReply } from '../../../resp/server-reply.js';
import type { ServerReply } from '../../../resp/server-reply.js';
import { rangedArg } from '../../exec/arguments.js';
import type { CommandContext } from '../../exec/context.js';
import { containerHelp } from '../container-help.js';

const BAD_COUNT = new ErrorReply('ERR count should be greater than or equal to -1');
const DEFAULT_COUNT = 10;

export const slowlogHelp = (ctx: CommandContext): ServerReply => containerHelp(ctx, 'SLOWLOG');
export const slowlogLen = ({ node }: CommandContext): ServerReply => node.slowlog.entries.length;

export function slowlogReset({ node }: CommandContext): ServerReply {
  node.slowlog.reset();
  return OK;
}

export function slowlogGet({ node }: CommandContext, args: Args): ServerReply {
  const count = args.length < 3 ? DEFAULT_COUNT : rangedArg(args[2], -1, Number.MAX_SAFE_INTEGER, BAD_COUNT);
  const entries = count === -1 ? node.slowlog.entries : node.slowlog.entries.slice(0, count);
  return entries.map((entry) => [entry.id, entry.at, entry.micros, entry.args, entry.remote, entry.clientName]);
}

export const latencyHelp = (ctx: CommandContext): ServerReply => containerHelp(ctx, 'LATENCY');
export const latencyReset = ({ node }: CommandContext, args: Args): ServerReply => node.latency.reset(args.slice(2));

export const latencyHistory = ({ node }: CommandContext, args: Args): ServerReply =>
  (node.latency.events.get(args[2]!)?.samples ?? []).map(({ at, ms }) => [at, ms]);

export const latencyLatest = ({ node }: CommandContext): ServerReply =>
  [...node.latency.events].map(([event, { samples, max }]) => {
    const last = samples.at(-1);
    return [event, last?.at ?? 0, last?.ms ?? 0, max];
  });

const BARS = ['_', '.', 'o', 'O', '#'] as const;

/** One character per sample, oldest first, scaled between the lowest and the highest. */
export function latencyGraph({ node }: CommandContext, args: Args): ServerReply {
  const samples = node.latency.events.get(args[2]!)?.samples ?? [];
  if (samples.length === 0) throw new ErrorReply(`ERR No samples available for event '${args[2]!}'`);
  const values = samples.map(({ ms }) => ms);
  const [low, high] = [Math.min(...values), Math.max(...values)];
  const bars = values.map((ms) => BARS[high === low ? 4 : Math.round(((ms - low) / (high - low)) * 4)]!);
  const ago = Math.floor(node.clock.now() / 1000) - samples[0]!.at;
  return new VerbatimReply(`${args[2]!} - high ${high} ms, low ${low} ms, ${samples.length} samples in the last ${ago} s\n${bars.join('')}\n`);
}

export function latencyDoctor({ node }: CommandContext): ServerReply {
  if (node.latency.threshold === Infinity) {
    return new VerbatimReply('Latency monitoring is off. CONFIG SET latency-monitor-threshold <milliseconds> switches it on.\n');
  }
  const lines = [...node.latency.events].map(([event, { samples, max }]) => {
    const mean = samples.reduce((sum, { ms }) => sum + ms, 0) / samples.length;
    return `${event}: ${samples.length} spikes, mean ${mean.toFixed(0)} ms, worst ${max} ms\n`;
  });
  return new VerbatimReply(lines.length === 0 ? 'No latency spike was seen since monitoring began.\n' : `${lines.join('')}SLOWLOG GET shows the commands that took long.\n`);
}

export function latencyHistogram(): ServerReply {
  throw new ErrorReply('ERR latency histograms are not kept by this version of the node; INFO commandstats has the average times');
}
