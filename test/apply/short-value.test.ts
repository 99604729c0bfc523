import { expect, it } from 'vitest';
import { shortValue } from '../../src/apply/fix/short-value.js';
import { payloadOf } from '../../src/rdb/payload.js';

const string = (text: string | Buffer): string => {
  const bytes = Buffer.from(text);
  return payloadOf(0, Buffer.concat([bytes.length < 64 ? Buffer.from([bytes.length]) : Buffer.from([0x40 | (bytes.length >> 8), bytes.length & 0xff]), bytes])).toString('latin1');
};

it.each(['', 'on', 'two words', 'größer', '值', 'x'.repeat(60), 'é'.repeat(60)])('shows %j', (text) => expect(shortValue(string(text))).toBe(text));

it('shows an integer that is stored in binary form', () => expect(shortValue(payloadOf(0, Buffer.from([0xc0, 7])).toString('latin1'))).toBe('7'));

it.each([
  ['a control character', string('a\u001b[31m')],
  ['a line end', string('a\nb')],
  ['a bidirectional control', string('a\u202eb')],
  ['bytes that are not UTF-8', string(Buffer.from([0xff, 0x41]))],
  ['more than 60 characters', string('x'.repeat(61))],
  ['a damaged payload', '\u0000\u0005ab'],
  ['another type', payloadOf(4, Buffer.from([0])).toString('latin1')],
])('shows no value with %s', (_, payload) => expect(shortValue(payload)).toBeUndefined());
