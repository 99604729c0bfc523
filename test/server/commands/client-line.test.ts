// CLIENT LIST and CLIENT INFO: the same fields in the same order as a real server, and correct values.
import { expect, it } from 'vitest';
import { parityFile } from '../../parity/harness.js';

const fieldsOf = (raw: string): [string, string][] =>
  raw.slice(raw.indexOf('\r\n') + 2).trim().split(' ').map((pair) => pair.split('=') as [string, string]);

parityFile('CLIENT INFO', (pair) => {
  it('has the fields of a real server with the values of the bundled node', async () => {
    const [ours, real] = await pair().connect();
    for (const link of [ours, real]) {
      await link.call('SELECT', '3');
      await link.call('CLIENT', 'SETNAME', 'me');
      await link.call('CLIENT', 'NO-EVICT', 'on');
      await link.call('CLIENT', 'TRACKING', 'on', 'bcast');
      await link.call('READONLY');
    }
    const [a, b] = [fieldsOf((await ours.call('CLIENT', 'INFO')).raw), fieldsOf((await real.call('CLIENT', 'INFO')).raw)];
    expect(a.map(([name]) => name)).toEqual(b.map(([name]) => name));
    const same = ['name', 'flags', 'db', 'sub', 'psub', 'ssub', 'multi', 'cmd', 'user', 'redir', 'resp'];
    const facts = (fields: [string, string][]): [string, string][] => fields.filter(([name]) => same.includes(name));
    expect(facts(a)).toEqual(facts(b));
    expect(a.find(([name]) => name === 'addr')?.[1]).toBe(ours.address);
    for (const link of [ours, real]) link.close();
  });

  it('lists clients selected by id and type', async () => {
    const [ours, real] = await pair().connect();
    const [listener, other] = await pair().connect();
    listener.send([['SUBSCRIBE', 'c']]);
    await listener.take(1);
    const id = (await ours.call('CLIENT', 'ID')).raw.slice(1).trim();
    expect((await ours.call('CLIENT', 'LIST', 'ID', id)).raw).toContain(`id=${id} `);
    const pubsub = (await ours.call('CLIENT', 'LIST', 'TYPE', 'pubsub')).raw;
    expect(pubsub.match(/id=/g)).toHaveLength(1);
    expect(pubsub).toContain('flags=P');
    expect(pubsub).toContain('sub=1');
    for (const link of [ours, real, listener, other]) link.close();
  });
});
