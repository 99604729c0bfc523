// Text for terminals whose locale has no UTF-8 (LANG=C): this program's symbols become ASCII. Text from nodes is unchanged.
import type { OutputStream } from './streams.js';
import type { Environment } from './terminal.js';

/**
 * Symbols of this program and of the prompt and progress libraries, each replaced by one character, so that columns keep their
 * width.
 */
const SIGNS: Readonly<Record<string, string>> = {
  '✔': '+', '✖': 'x', '✘': 'x', '✗': 'x', '⚠': '!', '→': '>', '❯': '>', '·': '.', '•': '*', '◯': 'o', '◉': '*', '↑': '^', '↓': 'v', '⏎': '<', '…': '~', 'µ': 'u',
  '█': '#', '▓': '=', '▒': '-', '░': '.', '─': '-',
  '⠋': '-', '⠙': '\\', '⠹': '|', '⠸': '/', '⠼': '-', '⠴': '\\', '⠦': '|', '⠧': '/', '⠇': '-', '⠏': '\\',
};
const ANY_SIGN = new RegExp(`[${Object.keys(SIGNS).join('')}]`, 'gu');
/** An ellipsis at the end of a line. */
const FINAL_ELLIPSIS = /…(?=\n|$)/g;

/** Whether the locale names a character set other than UTF-8. Without a locale in the environment UTF-8 is assumed. */
export function wantsAscii(env: Environment): boolean {
  const locale = [env['LC_ALL'], env['LC_CTYPE'], env['LANG']].find((value) => value !== undefined && value !== '');
  return locale !== undefined && !/utf-?8/i.test(locale);
}

/** The text with this program's symbols as ASCII. */
export function asciiSigns(text: string): string {
  return text.replace(FINAL_ELLIPSIS, '...').replace(ANY_SIGN, (sign) => SIGNS[sign] ?? '?');
}

/**
 * The same stream with symbols replaced in all text, for output of libraries. A library may replace `write` of the stream that it
 * gets (ora does, and calls the earlier one from its own): the replacement stays in this object. In the stream itself it would
 * call this object's write, which would call it again without end.
 */
export function asciiStream(stream: OutputStream): OutputStream {
  const original = stream.write.bind(stream);
  const own: { write: unknown } = {
    write: (chunk: string | Uint8Array, ...rest: unknown[]): boolean => {
      const text = asciiSigns(typeof chunk === 'string' ? chunk : Buffer.from(chunk).toString('utf8'));
      return Reflect.apply(original, undefined, [text, ...rest]) as boolean;
    },
  };
  return new Proxy(stream, {
    get(target, name) {
      if (name === 'write') return own.write;
      const value: unknown = Reflect.get(target, name, target);
      return typeof value === 'function' ? (value.bind(target) as unknown) : value;
    },
    set(target, name, value) {
      if (name !== 'write') return Reflect.set(target, name, value, target);
      own.write = value;
      return true;
    },
  });
}
