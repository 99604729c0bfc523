// Decides, from flags and environment alone, how each stream may be used: colour, animation, prompts, output mode.
// Pure; io.ts asks once at start. Rules: specs/ux.md B.1 (clig.dev, no-color.org, force-color.org).

/** `table`: for a person. `plain`: the predecessors' lines, which scripts grep. `json`: one document. */
export type OutputMode = 'table' | 'plain' | 'json';

/** Whose lines mode `plain` prints; where they differ: views/dialect.ts. */
export type LineDialect = 'redis-cli' | 'redis-trib.rb';

/** What the user may say about the terminal on the command line, in the environment or in a config file. */
export interface TerminalFlags {
  readonly output?: OutputMode | undefined;
  readonly lines?: LineDialect | undefined;
  /** false: `--no-color`. */
  readonly color?: boolean | undefined;
  /** false: `--no-input`, never ask. */
  readonly input?: boolean | undefined;
  readonly quiet?: boolean | undefined;
}

export type Environment = Readonly<Record<string, string | undefined>>;

function present(value: string | undefined): boolean {
  return value !== undefined && value !== '';
}

function forced(env: Environment): boolean {
  const force = env['FORCE_COLOR'];
  const clicolor = env['CLICOLOR_FORCE'];
  return (present(force) && force !== '0' && force !== 'false') || (present(clicolor) && clicolor !== '0');
}

/**
 * Whether a stream gets colour. `--no-color` wins over everything; then NO_COLOR; then FORCE_COLOR and CLICOLOR_FORCE;
 * then TERM=dumb; then whether the stream is a terminal.
 */
export function wantsColor(isTty: boolean, env: Environment, flags: TerminalFlags): boolean {
  if (flags.color === false || present(env['NO_COLOR'])) return false;
  if (forced(env)) return true;
  if (env['FORCE_COLOR'] === '0' || env['FORCE_COLOR'] === 'false' || env['TERM'] === 'dumb') return false;
  return isTty;
}

/** Whether a stream is so wide: a terminal whose size nobody has set says 0 columns. */
function isWidth(columns: number | undefined): columns is number {
  return columns !== undefined && columns > 0;
}

/** Columns to lay a stream's text out in: its own, 80 for a terminal that doesn't tell, 100 elsewhere. */
export function usableColumns(isTty: boolean, columns: number | undefined): number {
  return isWidth(columns) ? columns : isTty ? 80 : 100;
}

/** Whether a spinner or bar may redraw itself on this stream. Who redraws counts lines, and a text in 0 columns has endlessly many. */
export function wantsAnimation(isTty: boolean, env: Environment, flags: TerminalFlags, columns: number | undefined = 80): boolean {
  return isTty && isWidth(columns) && flags.quiet !== true && env['TERM'] !== 'dumb' && !present(env['CI']);
}

/** `--json` and `-o` win; else a terminal gets tables and a pipe gets the predecessors' lines. */
export function outputMode(isTty: boolean, flags: TerminalFlags): OutputMode {
  return flags.output ?? (isTty ? 'table' : 'plain');
}

/** Whose lines are printed: what the user says counts in mode `plain` alone, so that tables and documents stay the same. */
export function lineDialect(mode: OutputMode, flags: TerminalFlags): LineDialect {
  return mode === 'plain' ? (flags.lines ?? 'redis-cli') : 'redis-cli';
}
