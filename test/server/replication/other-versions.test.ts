// The bundled node as a replica of masters of later versions, as far as it can read what they send.
import { expect, it } from 'vitest';
import { describeWithServers } from '../../support/redis-server.js';
import { serverBuild } from '../../support/server-builds.js';
import type { ServerName } from '../../support/server-builds.js';
import { bundled, digest, follow, inStep, keptMembers, real, someWrites, waitFor } from './replicated.js';
import type { Member } from './replicated.js';

const keep = keptMembers();

const fill = async (one: Member, rounds: number): Promise<void> => {
  for (let round = 0; round < rounds; round++) await one.link.pipeline(someWrites(round));
};

for (const name of ['valkey-8.1', 'redis-8.0', 'valkey-9.1'] as readonly ServerName[]) {
  describeWithServers([name], `bundled replica of ${name}`, () => {
    it('synchronises fully and partially', async () => {
      const master = await keep(real({}, serverBuild(name)));
      const replica = await keep(bundled());
      await fill(master, 60);
      await follow(replica, master);
      await inStep(replica, master);
      await master.command('CLIENT', 'KILL', 'TYPE', 'replica');
      await fill(master, 61);
      await inStep(replica, master);
      expect(await replica.command('DBSIZE')).toBe(await master.command('DBSIZE'));
      // Digests of scores with a fraction differ from version to version.
      for (let db = 0; db < 2; db++) {
        for (const one of [replica, master]) await one.command('SELECT', db);
        for (let i = 0; i < 50; i++) {
          const scores = (one: Member): Promise<unknown> => one.command('ZRANGE', `z:${i}`, 0, -1);
          expect(await scores(replica)).toEqual(await scores(master));
          await master.command('DEL', `z:${i}`);
        }
      }
      await inStep(replica, master);
      expect(await digest(replica)).toBe(await digest(master));
    });

    it('refuses data of types that this node lacks, and names the type', async () => {
      const master = await keep(real({}, serverBuild(name)));
      const replica = await keep(bundled());
      await master.command('HSET', 'h', 'f', 'v');
      await master.command('XADD', 'stream', '*', 'f', 'v');
      await follow(replica, master);
      await waitFor(() => /Failed trying to load the MASTER synchronization DB: .*stream/i.test(replica.log()), 'the refusal');
      expect(await replica.info('master_link_status')).toBe('down');
      await master.command('DEL', 'stream');
      await inStep(replica, master);
      await master.command('SETBIT', 'bits', '7', '1');
      await waitFor(() => /cannot follow a master that sends it: ERR .*setbit/i.test(replica.log()), 'the end of the link');
      await inStep(replica, master);
      expect(await replica.command('GET', 'bits')).toBe('\x01');
    });
  });
}
