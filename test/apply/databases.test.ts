// Clusters with several databases (Valkey 9): keys outside database 0 must not be left behind by a move key by key. Scripted nodes.
import { expect, it } from 'vitest';
import { requireOneDatabase } from '../../src/apply/mover/databases.js';
import type { NodeLink } from '../../src/apply/node-link.js';
import { ReplyError } from '../../src/resp/reply.js';

function node(keyspace: string | ReplyError): NodeLink {
  return { name: '10.0.0.1:7000', connection: () => Promise.resolve({ pipeline: () => Promise.resolve([keyspace]) }) } as unknown as NodeLink;
}

it('keys in database 0 alone are fine, in others the node is refused and what can be done is said', async () => {
  await requireOneDatabase([node('# Keyspace\r\n'), node('# Keyspace\r\ndb0:keys=5,expires=0,avg_ttl=0\r\n'), node(new ReplyError('NOPERM no'))]);
  await expect(requireOneDatabase([node('# Keyspace\r\ndb0:keys=5,expires=0,avg_ttl=0\r\ndb12:keys=7,expires=0,avg_ttl=0\r\n')])).rejects.toMatchObject({
    code: 'SEVERAL_DATABASES',
    message: 'Node 10.0.0.1:7000 has 7 keys in database 12: key by key only those of database 0 can be moved',
    hint: expect.stringContaining('--method atomic') as string,
  });
});
