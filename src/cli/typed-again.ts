// Options as they stood on the command line, for the command that goes on where this one ends. What environment and config
// files said holds for that command too and is left out; passwords are never shown: it asks for them.
import { flagName } from './argv.js';
import type { OptionTable } from './options.js';
import { shellWord } from './shell-word.js';

/** What was typed, by key of the option; an empty list for a flag. */
export type Typed = ReadonlyMap<string, readonly string[]>;

/** The words of one option; those of a password ask for it instead. */
function wordsOf(key: string, texts: readonly string[]): readonly string[] {
  if (key === 'password') return ['--askpass'];
  if (key === 'passwordFile' && texts.at(-1) === '-') return ['--askpass']; // stdin is read by then
  const flag = `--${flagName(key)}`;
  if (texts.length === 0) return [flag];
  if (key !== 'uri') return texts.flatMap((text) => [flag, shellWord(text)]);
  const bare = (texts.at(-1) ?? '').replace(/^(\w+:\/\/[^/@]*?):[^/@]*@/, '$1@');
  return [flag, shellWord(bare), ...(bare === texts.at(-1) ? [] : ['--askpass'])];
}

/** Those of the table's options that were typed, each after a blank: ` --max-rate 5MB --replace`. Empty for none. */
export function typedAgain(typed: Typed, table: OptionTable): string {
  const words = Object.keys(table).flatMap((key) => {
    const texts = typed.get(key);
    return texts === undefined ? [] : [wordsOf(key, texts)];
  });
  return [...new Set(words.map((some) => some.join(' ')))].map((text) => ` ${text}`).join('');
}
