// Finds the keys among the arguments of a request by its key specifications (COMMAND GETKEYS, cluster routing).
import type { CommandOf, KeySpec } from './command-of.js';

/** A key's position in the arguments, with the specification that found it. */
export interface FoundKey {
  readonly index: number;
  readonly spec: KeySpec | null;
}

/** Positions of the keys in `args` (args[0] is the command), in order; empty when there are none. */
export function findKeys(command: CommandOf, args: readonly string[]): FoundKey[] {
  const { spec } = command;
  if (spec.findKeys) {
    // The first key belongs to the first specification, all others to the last one (SORT … STORE).
    const specs = spec.keys ?? [];
    return (spec.findKeys(args) ?? []).map((index, i) => ({ index, spec: (i === 0 ? specs[0] : specs.at(-1)) ?? null }));
  }
  const found: FoundKey[] = [];
  for (const keySpec of spec.keys ?? []) for (const index of applySpec(keySpec, args)) found.push({ index, spec: keySpec });
  return found;
}

function applySpec(spec: KeySpec, args: readonly string[]): number[] {
  const begin = beginOf(spec, args);
  if (begin === 0 || spec.find === null) return [];
  if ('last' in spec.find) return rangeOf(spec.find, begin, args.length);
  const count = Number(args[begin + spec.find.numIndex]);
  const first = begin + spec.find.first;
  if (!Number.isInteger(count) || count <= 0 || first + (count - 1) * spec.find.step >= args.length) return [];
  return Array.from({ length: count }, (_, i) => first + i * (spec.find as { step: number }).step);
}

function beginOf(spec: KeySpec, args: readonly string[]): number {
  if (!spec.begin) return 0;
  if ('index' in spec.begin) return spec.begin.index < args.length ? spec.begin.index : 0;
  const { keyword, from } = spec.begin;
  const forward = from >= 0;
  for (let i = forward ? from : args.length + from; i > 0 && i < args.length; i += forward ? 1 : -1) {
    if (args[i]!.toUpperCase() === keyword) return i + 1 < args.length ? i + 1 : 0;
  }
  return 0;
}

function rangeOf(find: { last: number; step: number; limit: number }, begin: number, argc: number): number[] {
  let last = find.last >= 0 ? begin + find.last : argc + find.last;
  if (find.limit > 1 && find.last < 0) last = begin + Math.floor((argc - begin) / find.limit) - 1;
  const indices: number[] = [];
  for (let i = begin; i <= last && i < argc; i += find.step) indices.push(i);
  return indices;
}
