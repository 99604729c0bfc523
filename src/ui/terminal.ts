// Decides from flags and environment how each stream is used: colour, animation, prompts, output mode. Pure; io.ts calls it
// once at start. Rules: clig.dev, no-color.org, force-color.org.

/** `table`: for a terminal. `plain`: the predecessors' lines, which scripts parse. `json`: one document. */
export type OutputMode = 'table' | 'plain' | 'json';

/** The predecessor whose lines mode `plain` prints; the differences are in views/dialect.ts. */
export type LineDialect = 'redis-cli' | 'redis-trib.rb';

/** Terminal settings from the command line, the environment or a config file. */
export interface TerminalFlags {
  readonly output?: OutputMode | undefined;
  readonly lines?: LineDialect | undefined;
  /** false: `--no-color`. */
  readonly color?: boolean | undefined;
  /** false: `--no-input`, never ask. */
  readonly input?: boolean | undefined;
  readonly quiet?: boolean | undefined;
  /** The line is in the predecessors' spelling; callers may treat any byte on stderr as a failure. */
  readonly predecessor?: boolean | undefined;
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
 * Whether a stream gets colour. Precedence: `--no-color`, NO_COLOR, FORCE_COLOR and CLICOLOR_FORCE, TERM=dumb, then whether the
 * stream is a terminal.
 */
export function wantsColor(isTty: boolean, env: Environment, flags: TerminalFlags): boolean {
  if (flags.color === false || present(env['NO_COLOR'])) return false;
  if (forced(env)) return true;
  if (env['FORCE_COLOR'] === '0' || env['FORCE_COLOR'] === 'false' || env['TERM'] === 'dumb') return false;
  return isTty;
}

/** Whether the width is known: a terminal whose size was never set reports 0 columns. */
function isWidth(columns: number | undefined): columns is number {
  return columns !== undefined && columns > 0;
}

/** Columns for laying out text: the stream's own, 80 for a terminal of unknown width, 100 elsewhere. */
export function usableColumns(isTty: boolean, columns: number | undefined): number {
  return isWidth(columns) ? columns : isTty ? 80 : 100;
}

/** Whether a spinner or bar may redraw on this stream. Redrawing counts lines, and in 0 columns a text has endlessly many. */
export function wantsAnimation(isTty: boolean, env: Environment, flags: TerminalFlags, columns: number | undefined = 80): boolean {
  return isTty && isWidth(columns) && flags.quiet !== true && env['TERM'] !== 'dumb' && !present(env['CI']);
}

/** `--json` and `-o` take precedence; else a terminal gets tables and a pipe the predecessors' lines. */
export function outputMode(isTty: boolean, flags: TerminalFlags): OutputMode {
  return flags.output ?? (isTty ? 'table' : 'plain');
}

/** The dialect of the lines. The user's choice applies only in mode `plain`, so that tables and documents do not change. */
export function lineDialect(mode: OutputMode, flags: TerminalFlags): LineDialect {
  return mode === 'plain' ? (flags.lines ?? 'redis-cli') : 'redis-cli';
}
