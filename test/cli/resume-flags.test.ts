// Options of the command that continues: as typed, quoted for a shell, without secrets.
import { expect, it } from 'vitest';
import { moverOptions } from '../../src/cli/options/mover-options.js';
import { connectionOptions } from '../../src/cli/options/shared-options.js';
import { resumeFlags } from '../../src/cli/program/resume-flags.js';

const table = { ...moverOptions, ...connectionOptions };
const again = (typed: Readonly<Record<string, readonly string[]>>): string => resumeFlags(new Map(Object.entries(typed)), table);

it('returns nothing for options that were not typed or belong to another table', () => {
  expect(again({})).toBe('');
  expect(again({ from: ['all'], yes: [] })).toBe('');
});

it('returns flags, values and lists in the order of help', () => {
  expect(again({ user: ['admin'], replace: [], maxRate: ['5MB'], addressMap: ['a=b', '*=host'], tls: [], cacert: ['/etc/my ca.pem'] })).toBe(" --max-rate 5MB --replace --user admin --tls --cacert '/etc/my ca.pem' --address-map a=b --address-map '*=host'");
  expect(again({ key: ["it's"] })).toBe(String.raw` --key 'it'\''s'`);
});

it('asks for a password only once', () => {
  expect(again({ password: ['secret'], user: ['admin'] })).toBe(' --askpass --user admin');
  expect(again({ password: ['secret'], askpass: [] })).toBe(' --askpass');
  expect(again({ passwordFile: ['/run/secret'] })).toBe(' --password-file /run/secret');
  expect(again({ passwordFile: ['-'] })).toBe(' --askpass');
  expect(again({ uri: ['redis://joe:secret@h:7000'] })).toBe(' --uri redis://joe@h:7000 --askpass');
  expect(again({ uri: ['rediss://h:7000'] })).toBe(' --uri rediss://h:7000');
});
