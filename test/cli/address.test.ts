// The accepted forms of a seed address.
import { describe, expect, it } from 'vitest';
import { parseServerAddresses, parseSeed, takeSeed } from '../../src/cli/options/address.js';

describe('parseSeed', () => {
  it.each([
    ['127.0.0.1:7000', [['127.0.0.1', 7000]]],
    ['[::1]:7000', [['::1', 7000]]],
    ['::1:7000', [['::1', 7000]]],
    ['h1:1,h2:2', [['h1', 1], ['h2', 2]]],
    ['10.0.0.1:7000@17000', [['10.0.0.1', 7000]]],
    ['redis://h', [['h', 6379]]],
    ['knoten_1.münchen.example:7000', [['knoten_1.münchen.example', 7000]]],
    ['[fe80::1%eth0]:7000', [['fe80::1%eth0', 7000]]],
  ] as const)('%s', (text, addresses) => {
    expect(parseSeed(text).addresses).toEqual(addresses.map(([host, port]) => ({ host, port })));
  });

  it('takes credentials and TLS from a URL', () => {
    expect(parseSeed('rediss://joe:s%40fe@[::1]:7000')).toEqual({ addresses: [{ host: '::1', port: 7000 }], username: 'joe', password: 's@fe', tls: true });
  });

  it.each(['localhost', ':7000', 'h:', 'h:0', 'h:65536', 'h:x', '', 'redis://', ',', '-oProxyCommand=x:7000', 'redis://-x:7000', 'a b:7000', 'a\nb:7000', 'a\u001b[2J:7000', '$(x):7000', "a'b:7000"])('refuses "%s" with exit code 2', (text) => {
    expect(() => parseSeed(text)).toThrow(expect.objectContaining({ exitCode: 2 }));
  });
});

describe('the database of a URL', () => {
  it.each([['redis://h:1/3', 3], ['redis://h:1/0', 0], ['redis://h:1/', undefined], ['redis://h:1', undefined], ['redis://h:1?db=2', 2], ['redis://h:1/2?db=2', 2]] as const)('%s', (text, database) => {
    expect(parseServerAddresses(text).database).toBe(database);
  });
  it.each(['redis://h:1/x', 'redis://h:1/1/2', 'redis://h:1/-1', 'redis://h:1/1?db=2', 'redis://:secret@h:1/1e3'])('%s is refused: exit 2, without its password', (text) => {
    expect(() => parseServerAddresses(text)).toThrow(expect.objectContaining({ exitCode: 2, code: 'BAD_DATABASE', message: expect.not.stringContaining('secret') as string }));
  });
  it('of a cluster must be 0 in every address', () => {
    expect(parseSeed('redis://h:1/0').addresses).toEqual([{ host: 'h', port: 1 }]);
    for (const text of ['redis://h:1/1', 'redis://h:1/0,redis://h:2/4', 'redis://h:1/x']) expect(() => parseSeed(text)).toThrow(expect.objectContaining({ exitCode: 2, code: 'BAD_DATABASE' }));
  });
});

describe('takeSeed', () => {
  it('accepts host and port in one word or in two', () => {
    expect(takeSeed(['h:1', 'x'])).toEqual({ seed: { addresses: [{ host: 'h', port: 1 }] }, rest: ['x'] });
    expect(takeSeed(['h', '7000', 'x'])).toEqual({ seed: { addresses: [{ host: 'h', port: 7000 }] }, rest: ['x'] });
    expect(takeSeed(['::1', '7000'])).toEqual({ seed: { addresses: [{ host: '::1', port: 7000 }] }, rest: [] });
  });
});
