// Random sequences of commands for tests of the write path: commands of all types by several clients of one node without
// sockets, in several databases, with transactions, blocking, expiry on a manual clock, and MIGRATE to another node.
import { Config } from '../../../src/server/config/config.js';
import { ManualClock } from '../../../src/server/runtime/clock.js';
import type { Transport } from '../../../src/server/exec/client.js';
import type { ServedClient } from '../../../src/server/exec/served-client.js';
import { dumpPayload } from '../../../src/server/persistence/rdb/dump.js';
import { startNode } from '../../../src/server/node.js';
import type { Node } from '../../../src/server/node.js';
import { seededRandom } from '../../../src/server/runtime/random.js';
import { Draw, GENERATORS } from '../../parity/generated.js';
import type { Template } from '../../parity/generated.js';
import { readLine } from '../../parity/lines.js';

export const DATABASES = 3;
export const KEYS = ['k0', 'k1', 'k2', 'k3'];
const CLIENTS = 4;

const key = (d: Draw): string => d.of(KEYS);
const soon = (d: Draw): string => String(1 + d.below(150));
const side = (d: Draw): string => d.of(['LEFT', 'RIGHT']);

/** Commands that are propagated as other commands, and commands on many keys. */
export const anyType: readonly Template[] = [
  (d) => `SET ${key(d)} v${d.below(9)} PX ${soon(d)}`,
  (d) => `PSETEX ${key(d)} ${soon(d)} v`,
  (d) => `PEXPIRE ${key(d)} ${d.of([soon(d), soon(d), '-1', '0'])}${d.maybe(d.of(['NX', 'XX', 'GT', 'LT']))}`,
  (d) => `GETEX ${key(d)} ${d.of([`PX ${soon(d)}`, 'PERSIST', 'PXAT 1', ''])}`,
  (d) => `SPOP ${key(d)}${d.maybe(String(d.below(5)))}`,
  (d) => `${d.of(['BLPOP', 'BRPOP', 'BZPOPMIN', 'BZPOPMAX'])} ${key(d)} ${key(d)} 0.${1 + d.below(3)}`,
  (d) => `BLMOVE ${key(d)} ${key(d)} ${side(d)} ${side(d)} 0.2`,
  (d) => `BRPOPLPUSH ${key(d)} ${key(d)} 0.1`,
  (d) => `BLMPOP 0.2 2 ${key(d)} ${key(d)} ${side(d)} COUNT ${1 + d.below(3)}`,
  (d) => `BZMPOP 0.2 2 ${key(d)} ${key(d)} ${d.of(['MIN', 'MAX'])} COUNT ${1 + d.below(3)}`,
  (d) => `SORT ${key(d)} ALPHA STORE ${key(d)}`,
  (d) => `COPY ${key(d)} ${key(d)} DB ${d.below(DATABASES)} REPLACE`,
  (d) => `MOVE ${key(d)} ${d.below(DATABASES)}`,
  (d) => `RENAMENX ${key(d)} ${key(d)}`,
  (d) => `DEL ${key(d)} ${key(d)}`,
  (d) => `SELECT ${d.below(DATABASES)}`,
  (d) => `SWAPDB ${d.below(DATABASES)} ${d.below(DATABASES)}`,
  (d) => d.of(['FLUSHDB', 'FLUSHALL', 'SCAN 0', 'RANDOMKEY', 'KEYS *', 'MULTI', 'MULTI', 'EXEC', 'EXEC', 'EXEC', 'DISCARD']),
  (d) => `MGET ${key(d)} ${key(d)}`,
  (d) => `WATCH ${key(d)}`,
];

export interface RandomRun {
  readonly node: Node;
  readonly clock: ManualClock;
  /** Runs one command of one client; what ran, as text. */
  step(): Promise<string>;
  /** Waits until no MIGRATE is under way. */
  settle(): Promise<void>;
  stop(): Promise<void>;
}

export const silent: Transport = { remote: '127.0.0.1:1', local: '127.0.0.1:2', backlog: 0, backlogPieces: 0, send() {}, sendBytes() {}, close() {} };

export function embeddedNode(clock: ManualClock, seed: number): Promise<Node> {
  const config = { port: '0', 'ephemeral-port': 'yes', bind: '127.0.0.1', save: '', databases: String(DATABASES) };
  return startNode({ config: new Config(config), clock, random: seededRandom(seed) });
}

export async function randomRun(type: string, seed: number): Promise<RandomRun> {
  const clock = new ManualClock();
  const node = await embeddedNode(clock, seed);
  const target = await embeddedNode(clock, seed + 1);
  const d = new Draw(seed);
  const templates = GENERATORS[type]!;
  const clients = Array.from({ length: CLIENTS }, () => node.connect(silent));
  const yieldTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

  /** A command that needs more than a template: RESTORE of an existing value, MIGRATE. */
  const special = (client: ServedClient): string[] => {
    const name = key(d);
    const value = client.db.isLive(name) ? client.db.lookupWithoutTrace(name) : undefined;
    if (value === undefined || d.below(2) === 0) return ['MIGRATE', '127.0.0.1', String(target.port), '', String(d.below(DATABASES)), '1000000', ...d.of([['REPLACE'], ['COPY', 'REPLACE']]), 'KEYS', key(d), key(d)];
    return ['RESTORE', key(d), d.of(['0', soon(d)]), dumpPayload(value), ...d.of([[], ['REPLACE'], ['REPLACE', 'ABSTTL']])];
  };
  const words = (client: ServedClient): string[] => {
    const kind = d.below(100);
    if (kind < 2) return special(client);
    const { args } = readLine(d.of(kind < 30 ? anyType : templates)(d).replace(/^[~?]\d? /, ''));
    // A score of -0 keeps its sign in a skiplist only, and SORT, which is not propagated, makes one: as in Redis.
    return args.map((word) => (word === '-0' ? '0' : word));
  };

  return {
    node,
    clock,
    async step() {
      if (d.below(20) === 0) clock.advance(d.below(150));
      node.keyspace.now = clock.now();
      const free = clients.filter((client) => !client.suspended);
      if (free.length === 0) {
        await yieldTurn();
        clock.advance(50);
        return 'time passes';
      }
      const client = d.of(free);
      const args = words(client);
      node.executor.execute(client, args);
      if (node.locks.size > 0 && d.below(5) === 0) await yieldTurn();
      return `${clients.indexOf(client)}:${client.dbIndex} ${JSON.stringify(args)}`;
    },
    async settle() {
      while (node.locks.size > 0) await yieldTurn();
    },
    async stop() {
      await Promise.all([node.close(), target.close()]);
    },
  };
}
