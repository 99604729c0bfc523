// CLUSTER NODES in the address forms of all versions, open slots, bad lines, shared parts.
import { describe, expect, it } from 'vitest';
import { LineCache, parseNodeLine, parseNodesText } from '../../src/cluster/nodes-text.js';

const ID = '07c37dfeb235213a872192d90877d0cd55635b91';
const OTHER = '67ed2db8d677e59ec4a4cefb06858cf2a1a89fa1';
const parse = (address: string, rest = 'myself,master - 0 1426238317239 4 connected 0-5460'): ReturnType<typeof parseNodeLine> =>
  parseNodeLine(`${ID} ${address} ${rest}`);

describe('addresses', () => {
  it.each([
    ['127.0.0.1:30004', { host: '127.0.0.1', port: 30004, busPort: undefined, hostname: undefined }],
    ['127.0.0.1:30004@31004', { host: '127.0.0.1', port: 30004, busPort: 31004, hostname: undefined }],
    ['10.1.2.3:30004@31004,node-4.example', { host: '10.1.2.3', port: 30004, busPort: 31004, hostname: 'node-4.example' }],
    ['10.1.2.3:30004@31004,?', { host: '10.1.2.3', hostname: undefined }],
    ['10.1.2.3:30004@31004,,tls-port=0,shard-id=69bc0805', { host: '10.1.2.3', hostname: undefined }],
    ['10.1.2.3:30004@31004,h1,nodename=x,shard-id=1', { hostname: 'h1' }],
    ['2001:db8::7:30004@31004', { host: '2001:db8::7', port: 30004, busPort: 31004 }],
    ['[2001:db8::7]:30004@31004', { host: '2001:db8::7', port: 30004 }],
    ['::1:7000', { host: '::1', port: 7000 }],
    [':0@0', { host: '', port: 0, busPort: 0 }],
    [':7000@17000', { host: '', port: 7000 }],
    ['redis-1.internal:7000@17000', { host: 'redis-1.internal', port: 7000 }],
  ])('%s', (address, expected) => expect(parse(address)).toMatchObject(expected));

  it('keeps additional fields by name', () => {
    expect([...parse('10.1.2.3:1@2,,tls-port=0,shard-id=69bc').aux]).toEqual([['tls-port', '0'], ['shard-id', '69bc']]);
  });
});

describe('lines', () => {
  it('reads a master with open slots', () => {
    const node = parseNodeLine(`${ID} 127.0.0.1:7000@17000 myself,master,fail? - 5 6 9 connected 0-5460 6000 [93->-${OTHER}] [77-<-${ID}]`);
    expect(node).toMatchObject({ id: ID, myself: true, role: 'master', masterId: null, flags: ['master', 'fail?'], configEpoch: 9, connected: true });
    expect(String(node.slots)).toBe('0-5460,6000');
    expect(node.slotText).toBe('0-5460,6000');
    expect([...node.migrating]).toEqual([[93, OTHER]]);
    expect([...node.importing]).toEqual([[77, ID]]);
  });

  it('reads replicas, lines without flags, and links that are down', () => {
    const replica = parseNodeLine(`${OTHER} 127.0.0.1:7001@17001 slave ${ID} 0 1 3 disconnected`);
    expect(replica).toMatchObject({ role: 'replica', masterId: ID, connected: false, myself: false });
    expect(replica.slots.size).toBe(0);
    expect(parseNodeLine(`${OTHER} :0@0 noflags - 0 0 0 disconnected`)).toMatchObject({ flags: [], role: 'master' });
  });

  it('skips the vars line of nodes.conf and empty lines', () => {
    expect(parseNodesText(`${ID} 127.0.0.1:1@2 master - 0 0 1 connected\r\n\nvars currentEpoch 6 lastVoteEpoch 0\n`)).toHaveLength(1);
  });

  it.each([
    'hello',
    `${ID} nowhere master - 0 0 1 connected`,
    `${ID} 127.0.0.1:99999@1 master - 0 0 1 connected`,
    `${ID} 127.0.0.1:1@2 master - 0 0 x connected`,
    `${ID} 127.0.0.1:1@2 master - 0 0 1 connected 5-2`,
    `${ID} 127.0.0.1:1@2 master - 0 0 1 connected 16384`,
    `${ID} 127.0.0.1:1@2 master - 0 0 1 connected [99999->-${OTHER}]`,
    `${ID} 127.0.0.1:1@2 master - 0 0 1`,
    `<html> 127.0.0.1:1@2 master - 0 0 1 connected`,
  ])('refuses %s', (text) => expect(() => parseNodeLine(text)).toThrow(/Invalid CLUSTER NODES line/));

  it('shares equal slot sets through a cache', () => {
    const cache = new LineCache();
    const text = `${ID} 127.0.0.1:1@2 master - 0 0 1 connected 0-10\n`;
    expect(parseNodesText(text, cache)[0]?.slots).toBe(parseNodesText(text.replace(' 0 0 1 ', ' 7 8 1 '), cache)[0]?.slots);
  });
});
