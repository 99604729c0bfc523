// Log lines in Redis's format: `pid:role date * text`. The caller chooses the destination (stdout, a file, none).
import type { Clock } from './clock.js';

export type LogLevel = 'debug' | 'verbose' | 'notice' | 'warning';

const ORDER: readonly LogLevel[] = ['debug', 'verbose', 'notice', 'warning'];
const MARKS: Readonly<Record<LogLevel, string>> = { debug: '.', verbose: '-', notice: '*', warning: '#' };
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

export interface Logger {
  debug(text: string): void;
  verbose(text: string): void;
  notice(text: string): void;
  warning(text: string): void;
}

/** One line as redis-server writes it. `role` is M, S, C or X. */
export function formatLogLine(level: LogLevel, text: string, pid: number, role: string, at: Date): string {
  const two = (n: number): string => String(n).padStart(2, '0');
  const date = `${two(at.getDate())} ${MONTHS[at.getMonth()]!} ${at.getFullYear()}`;
  const time = `${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())}.${String(at.getMilliseconds()).padStart(3, '0')}`;
  return `${pid}:${role} ${date} ${time} ${MARKS[level]} ${text}\n`;
}

export interface LogOptions {
  readonly clock: Clock;
  /** The lowest level that is written; read at each line, so that CONFIG SET takes effect. */
  readonly level: () => LogLevel;
  readonly write: (line: string) => void;
  readonly pid: number;
  readonly role: () => string;
}

export function createLogger(options: LogOptions): Logger {
  const at = (level: LogLevel) => (text: string): void => {
    if (ORDER.indexOf(level) < ORDER.indexOf(options.level())) return;
    options.write(formatLogLine(level, text, options.pid, options.role(), new Date(options.clock.now())));
  };
  return { debug: at('debug'), verbose: at('verbose'), notice: at('notice'), warning: at('warning') };
}

export const silentLogger: Logger = { debug() {}, verbose() {}, notice() {}, warning() {} };
