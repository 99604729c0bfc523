// The stream of terminals without UTF-8, and libraries that replace its `write`.
import { expect, it } from 'vitest';
import { asciiStream } from '../../src/ui/ascii.js';
import type { OutputStream } from '../../src/ui/streams.js';

function collecting(): { readonly stream: OutputStream; readonly text: () => string } {
  let text = '';
  const stream = { isTTY: true, columns: 80, write: (chunk: string) => ((text += chunk), true) } as unknown as OutputStream;
  return { stream, text: () => text };
}

it('replaces symbols, also in bytes', () => {
  const { stream, text } = collecting();
  const ascii = asciiStream(stream);
  ascii.write('✔ moved…\n');
  ascii.write(Buffer.from('→ there') as unknown as string);
  expect(text()).toBe('+ moved...\n> there');
});

it('calls a replaced write once per text, and the earlier one when that calls it', () => {
  const { stream, text } = collecting();
  const ascii = asciiStream(stream);
  const earlier = ascii.write;
  ascii.write = ((chunk: string) => earlier.call(ascii, `[${chunk}]`)) as OutputStream['write'];
  ascii.write('✔');
  expect(text()).toBe('[+]');
  ascii.write = earlier;
  ascii.write('✔');
  expect(text()).toBe('[+]+');
});
