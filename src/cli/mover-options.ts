// The options of every subcommand that moves slots, and what the mover makes of them.
import type { MoverOptions } from '../apply/mover/options.js';
import { flag, integer, type OptionValues } from './options.js';

export const moverOptions = {
  timeout: integer('MS', 'how long one MIGRATE may take', { min: 1, fallback: 60_000 }),
  pipeline: integer('KEYS', 'most keys in one MIGRATE (default: as many as stall the source for less than --max-stall)', { min: 1, fallback: undefined }),
  maxStall: integer('MS', 'how long one MIGRATE should keep its source busy at most', { min: 1, fallback: 20 }),
  replace: flag('overwrite keys that exist on the target'),
} as const;

export function moverSettings({ timeout, pipeline, maxStall, replace }: OptionValues<typeof moverOptions>): MoverOptions {
  return { timeoutMs: timeout, maxStallMs: maxStall, replace, ...(pipeline === undefined ? {} : { pipeline }) };
}
