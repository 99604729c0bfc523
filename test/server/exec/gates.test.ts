// The fast check of plain requests agrees with the list of gates: no gate refuses a request that it passes.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { Config } from '../../../src/server/config/config.js';
import type { Command } from '../../../src/server/exec/command.js';
import { passesAtOnce, refusalOf } from '../../../src/server/exec/gates.js';
import { ServedClient } from '../../../src/server/exec/served-client.js';
import { startNode } from '../../../src/server/node.js';
import type { Node } from '../../../src/server/node.js';
import { Draw } from '../../parity/generated.js';
import { freePort } from '../../support/redis-server.js';
import { seed } from '../fuzz/seed.js';
import { silent } from './random-commands.js';

let dir: string;
const nodes: Node[] = [];

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'redis-trib-gates-'));
});
afterEach(async () => {
  for (const node of nodes.splice(0)) await node.close();
  rmSync(dir, { recursive: true, force: true });
});

async function start(directives: Readonly<Record<string, string>>): Promise<Node> {
  const node = await startNode({ config: new Config({ port: String(await freePort()), bind: '127.0.0.1', dir, save: '', ...directives }) });
  nodes.push(node);
  return node;
}

const flat = (commands: readonly Command[]): Command[] => commands.flatMap((command) => [command, ...(command.subcommands?.values() ?? [])]);

/** A client in some state that matters to a gate, and a request of it. */
function randomCall(node: Node, commands: readonly Command[], d: Draw): { client: ServedClient; command: Command; args: string[] } {
  const client = new ServedClient(1, node, silent);
  const rarely = (): boolean => d.below(6) === 0;
  client.authenticated = !rarely();
  if (rarely()) client.transaction = { queue: [], broken: false };
  if (rarely()) client.channels.add('c');
  client.protocol = d.of([2, 3]);
  client.asking = rarely();
  client.readonly = rarely();
  const command = d.of(commands);
  return { client, command, args: ['x', ...Array.from({ length: 1 + d.below(5) }, () => d.of(['a', 'b', '1', '2', '{a}b', 'KEYS', 'STORE']))] };
}

for (const [name, directives] of Object.entries({ alone: {}, 'in a cluster that misses slots': { 'cluster-enabled': 'yes', 'cluster-require-full-coverage': 'no' } })) {
  it(`passes only what all gates pass, ${name} (seed ${seed})`, async () => {
    const node = await start(directives);
    const d = new Draw(seed);
    if (node.cluster !== null) {
      const admin = new ServedClient(2, node, silent);
      node.executor.execute(admin, ['CLUSTER', 'ADDSLOTSRANGE', '0', '9000']);
    }
    const commands = flat(node.commands.all as readonly Command[]);
    let passed = 0;
    let refused = 0;
    for (let i = 0; i < 20_000; i++) {
      if (i % 1000 === 0) node.memory.setLimit(i % 3000 === 0 ? 1 : 0);
      const call = { origin: 'client' as const, ...randomCall(node, commands, d) };
      const refusal = refusalOf(call);
      if (refusal !== null) refused++;
      if (!passesAtOnce(call.client, call.command, call.args)) continue;
      passed++;
      expect(refusal, `${call.command.fullName} ${call.args.join(' ')}`).toBe(null);
    }
    expect(passed).toBeGreaterThan(500);
    expect(refused).toBeGreaterThan(500);
  });
}

it('executes commands of a master and of the append-only file where clients are refused', async () => {
  const node = await start({ requirepass: 'secret' });
  node.memory.setLimit(1);
  const command = node.commands.find('set')!;
  const args = ['SET', 'k', 'v'];
  const codes = (['client', 'replication', 'aof'] as const).map((origin) => refusalOf({ origin, client: Object.assign(new ServedClient(1, node, silent, origin), { authenticated: false }), command, args })?.code ?? null);
  expect(codes).toEqual(['NOAUTH', null, null]);
});
