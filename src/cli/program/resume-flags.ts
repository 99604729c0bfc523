// Options of the command line, repeated for the continuing command. Environment and config files apply to that command too and
// are left out; passwords are replaced with --askpass.
import { flagName } from './argv.js';
import type { OptionTable } from '../options/options.js';
import { shellWord } from '../options/shell-word.js';

/** The typed values by option key; an empty list for a flag. */
export type Typed = ReadonlyMap<string, readonly string[]>;

/** The words of one option; a password is replaced with --askpass. */
function wordsOf(key: string, texts: readonly string[]): readonly string[] {
  if (key === 'password') return ['--askpass'];
  if (key === 'passwordFile' && texts.at(-1) === '-') return ['--askpass']; // stdin has been read.
  const flag = `--${flagName(key)}`;
  if (texts.length === 0) return [flag];
  if (key !== 'uri') return texts.flatMap((text) => [flag, shellWord(text)]);
  const bare = (texts.at(-1) ?? '').replace(/^(\w+:\/\/[^/@]*?):[^/@]*@/, '$1@');
  return [flag, shellWord(bare), ...(bare === texts.at(-1) ? [] : ['--askpass'])];
}

/** The typed options that are in the table, each after a blank: ` --max-rate 5MB --replace`. Empty for none. */
export function resumeFlags(typed: Typed, table: OptionTable): string {
  const words = Object.keys(table).flatMap((key) => {
    const texts = typed.get(key);
    return texts === undefined ? [] : [wordsOf(key, texts)];
  });
  return [...new Set(words.map((some) => some.join(' ')))].map((text) => ` ${text}`).join('');
}
