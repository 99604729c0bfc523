// --address-map: which rule applies, and the errors for invalid rules.
import { describe, expect, it } from 'vitest';
import { parseAddressMap } from '../../src/cli/options/address-map.js';

describe('address map', () => {
  const map = parseAddressMap(['*=gate', '10.0.0.1=a.example', '10.0.0.1:7001=127.0.0.1:8001', '*:9000=[::1]:1', '[fd00::1]:7000=127.0.0.1:5', 'fd00::2=b.example']);
  it.each([
    ['10.0.0.1', 7001, '127.0.0.1', 8001],
    ['10.0.0.1', 7002, 'a.example', 7002],
    ['10.9.9.9', 7000, 'gate', 7000],
    ['10.9.9.9', 9000, '::1', 1],
    ['fd00::1', 7000, '127.0.0.1', 5],
    ['fd00::2', 7000, 'b.example', 7000],
  ])('%s:%d → %s:%d', (host, port, toHost, toPort) => {
    expect(map({ host, port })).toEqual({ host: toHost, port: toPort });
  });
  it('leaves addresses without a rule unchanged', () => {
    expect(parseAddressMap(['10.0.0.1=x'])({ host: '10.0.0.2', port: 1 })).toEqual({ host: '10.0.0.2', port: 1 });
  });
  it.each(['', 'x', '=x', 'x=', 'a:b=c', 'a:1=b:99999', 'a=-oProxyCommand=x', 'a=b c:1', '*:0=b'])('%j is refused', (rule) => {
    expect(() => parseAddressMap([rule])).toThrow('--address-map takes ANNOUNCED=REACHABLE');
  });
});
