// NOPERM names what is refused; the hint names the ACL rule that would permit it, for the texts of all servers.
import { describe, expect, it } from 'vitest';
import { accessFailure, databaseRule } from '../../src/client/connection-errors.js';
import { ReplyError } from '../../src/resp/reply.js';

describe('the hint of NOPERM', () => {
  it.each([
    ["this user has no permissions to run the 'cluster|nodes' command", '+cluster|nodes'],
    ["User joe has no permissions to run the 'info' command", '+info'],
    ['this user has no permissions to access one of the keys used as arguments', '~PATTERN'],
    ['No permissions to access a key', '~PATTERN'],
  ])('%s', (message, rule) => {
    expect(accessFailure('h', 1, new ReplyError(`NOPERM ${message}`))?.hint).toContain(`ACL SETUSER NAME ${rule}`);
  });
});

it.each([
  ['NOPERM No permissions to access database', 'alldbs (or db=N for each database)'],
  ["NOPERM User w has no permissions to run the 'select' command", '+select'],
])('names the rule that permits all databases after "%s"', (message, rule) => expect(databaseRule(message)).toBe(rule));
