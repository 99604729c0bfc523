// Reads the arguments of redis-trib-server as redis-server 7.0 reads its own: an optional file, then options, and `-` for
// standard input. Which options exist is in the configuration.
import { resolve } from 'node:path';
import { fromPath } from '../config/paths.js';
import { quote } from '../config/quote.js';

export type CommandLine =
  | { readonly action: 'version' | 'help' }
  | {
      readonly action: 'run';
      /** Absolute path of redis.conf. */
      readonly file: string | null;
      readonly readsInput: boolean;
      /** The options as lines of redis.conf. */
      readonly options: string;
    };

/** @param argv the arguments after the program's name */
export function parseCommandLine(argv: readonly string[]): CommandLine {
  const [first] = argv;
  if (argv.length === 1 && (first === '-v' || first === '--version')) return { action: 'version' };
  if (argv.length === 1 && (first === '-h' || first === '--help')) return { action: 'help' };
  const hasFile = first !== undefined && !first.startsWith('-');
  let readsInput = false;
  const rest = argv.slice(hasFile ? 1 : 0).filter((word, i, words) => {
    // A dash means standard input only as the first or the last argument.
    const stdin = word === '-' && ((i === 0 && !hasFile) || i === words.length - 1);
    if (stdin) readsInput = true;
    return !stdin;
  });
  return { action: 'run', file: hasFile ? resolve(first) : null, readsInput, options: optionLines(rest) };
}

/**
 * `--name value value --name …` as one line each. After a bare `--name` the next word is always its value, so that values may
 * start with dashes; only `--save` may stand without one and then means no save points.
 */
function optionLines(words: readonly string[]): string {
  let options = '';
  let wantsValue = false;
  words.forEach((word, i) => {
    if (wantsValue || !word.startsWith('--')) {
      options += `${quote(fromPath(word))} `;
      wantsValue = false;
      return;
    }
    if (options !== '') options += '\n';
    options += `${fromPath(word.slice(2))} `;
    wantsValue = word.trim().split(/\s+/).length === 1;
    const next = words[i + 1];
    if (word.toLowerCase() === '--save' && (next === undefined || next.startsWith('--'))) {
      options += '""';
      wantsValue = false;
    }
  });
  return options;
}
