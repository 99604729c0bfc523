// What commands send to replicas: our effects and the replication stream of a real server, command by command.
// A list is one line a command; `A> …` sends it on another connection and waits for no reply, `sleep n` lets n ms pass,
// `? …` compares the names of commands only (random members, order of keys).
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { describeWithServers } from '../support/redis-server.js';
import { readLine } from './lines.js';
import { RawConnection } from './raw-connection.js';
import { CollectingSink, StreamReader } from './replication-stream.js';
import type { Unit } from './replication-stream.js';
import { startPair } from './servers.js';
import type { Pair } from './servers.js';

/** Absolute times in ms: the two servers were asked at different moments. */
const TIME = /"(1[0-9]{12})"/g;
const TOLERANCE_MS = 10_000;

interface Side {
  readonly port: number;
  readonly links: Map<string, RawConnection>;
  units(mark: string): Promise<Unit[]>;
}

async function link(side: Side, name: string): Promise<RawConnection> {
  let one = side.links.get(name);
  if (!one) side.links.set(name, (one = await RawConnection.connect(side.port)));
  return one;
}

/** Sends a line, waits until it is served, and returns what was propagated. */
async function runLine(side: Side, line: string, mark: string): Promise<Unit[]> {
  const other = /^([A-Z])> (.*)$/.exec(line);
  const control = await link(side, 'control');
  if (line.startsWith('sleep ')) await new Promise((resolve) => setTimeout(resolve, Number(line.slice(6))));
  else if (other) (await link(side, other[1]!)).send([readLine(other[2]!).args]);
  else await (await link(side, 'main')).call(...readLine(line).args);
  // Two round trips on another connection: what was sent before has been served.
  for (let i = 0; i < 2; i++) await control.call('PING');
  await control.call('PUBLISH', '__mark', mark);
  return side.units(mark);
}

const times = (units: readonly Unit[]): number[] => [...JSON.stringify(units).replaceAll('\\"', '"').matchAll(TIME)].map((match) => Number(match[1]));
const timeless = (units: readonly Unit[]): Unit[] => units.map((unit) => unit.map((words) => words.replace(TIME, '"<ms>"')));
const shape = (units: readonly Unit[]): Unit[] => units.map((unit) => unit.map((words) => words.split(' ')[0]!));

describeWithServers(['redis-7.0'], 'parity: propagation', () => {
  let pair: Pair;
  let ours: Side;
  let real: Side;
  let stream: StreamReader;
  const sink = new CollectingSink();
  let marks = 0;

  beforeAll(async () => {
    pair = await startPair({ 'repl-diskless-sync': 'no' });
    stream = await StreamReader.connect(pair.real.port);
    pair.ours.effects.attach(sink);
    ours = { port: pair.ours.port, links: new Map(), units: async () => sink.take().filter((unit) => !unit.at(-1)!.includes('__mark')) };
    real = { port: pair.real.port, links: new Map(), units: (mark) => stream.takeUntil(`"__mark" "${mark}"`) };
  });
  afterAll(async () => {
    for (const side of [ours, real]) for (const one of side.links.values()) one.close();
    stream.close();
    await pair.stop();
  });
  beforeEach(async () => {
    await runBoth('FLUSHALL');
    await runBoth('SELECT 0');
    await runBoth('DEBUG SET-ACTIVE-EXPIRE 0');
  });

  const runBoth = (line: string): Promise<[Unit[], Unit[]]> => {
    const mark = `m${++marks}`;
    return Promise.all([runLine(ours, line, mark), runLine(real, line, mark)]);
  };

  async function difference(line: string): Promise<string[]> {
    const loose = line.startsWith('? ');
    const [a, b] = await runBoth(loose ? line.slice(2) : line);
    const [left, right] = loose ? [shape(a), shape(b)] : [timeless(a), timeless(b)];
    const late = times(a).some((at, i) => Math.abs(at - (times(b)[i] ?? 0)) > TOLERANCE_MS);
    if (JSON.stringify(left) === JSON.stringify(right) && (loose || !late)) return [];
    return [`${line}\n  ours: ${JSON.stringify(a)}\n  real: ${JSON.stringify(b)}`];
  }

  function sameStream(name: string, list: string): void {
    const lines = list.split('\n').map((line) => line.trim()).filter((line) => line !== '');
    it(`${name} (${lines.length} lines)`, async () => {
      const wrong: string[] = [];
      for (const line of lines) wrong.push(...(await difference(line)));
      expect(wrong.join('\n')).toBe('');
    });
  }

  sameStream('strings', `
    SET k v
    set k v
    SET k v NX
    SET k v XX
    SET k w GET
    SET k w get XX
    SET k w KEEPTTL GET
    SET k v EX 100
    SET k v PX 100000 XX
    SET k v KEEPTTL
    SET k v EXAT 99999999999
    SET k v PXAT 99999999999999 GET
    SET k v PX 100000 NX
    SET past v PXAT 1
    GET past
    SETEX k 100 v
    PSETEX k 100000 v
    SETNX k v
    SETNX k2 v
    GETSET k w
    GETSET none w
    GETDEL k
    GETDEL k
    SET k v
    GETEX k
    GETEX k EX 100
    GETEX k PX 100000
    GETEX k PERSIST
    GETEX k PERSIST
    GETEX k EXAT 99999999999
    GETEX k PXAT 1
    GETEX k PXAT 1
    MSET a 1 b 2
    MSETNX a 1 c 2
    MSETNX c 1 d 2
    APPEND a x
    APPEND new x
    SETRANGE a 1 yy
    SETRANGE a 1 ""
    INCR b
    DECR b
    INCRBY b 0
    INCRBY b 5
    DECRBY b 5
    INCRBYFLOAT b 1.5
    INCRBYFLOAT b 0
    INCR b
    GET a
    MGET a b
    DEL a nothing
    DEL nothing
    UNLINK b
  `);

  sameStream('keys and expiry', `
    SET k v
    EXPIRE k 100
    EXPIRE k 100 NX
    EXPIRE k 200 gt
    PEXPIRE k 100000
    EXPIREAT k 99999999999
    PEXPIREAT k 99999999999999
    pexpireat k 99999999999998 xx
    PERSIST k
    PERSIST k
    EXPIRE none 100
    EXPIRE k -1
    EXPIRE k -1
    SET k v EX 100
    RENAME k l
    RENAME l l
    RENAMENX l m
    SET n v
    RENAMENX n m
    COPY m c
    COPY m c
    COPY m c REPLACE
    COPY m c DB 1 REPLACE
    MOVE c 2
    MOVE c 2
    SWAPDB 1 2
    SWAPDB 1 1
    SELECT 1
    SET k v
    FLUSHDB
    FLUSHDB ASYNC
    SELECT 0
    FLUSHALL
    flushall sync
    TOUCH m
    OBJECT ENCODING m
    SORT nothing STORE nothing2
    RPUSH list 3 1 2
    SORT list STORE sorted
    SORT nothing STORE sorted
    SORT list
    DEBUG POPULATE 3
  `);

  sameStream('keys that expire', `
    SET k v PX 1
    sleep 5
    GET k
    SET k v PX 1
    sleep 5
    SET k w
    MSET a 1 b 2 c 3
    PEXPIRE a 1
    PEXPIRE b 1
    sleep 5
    MGET a b c
    PEXPIRE c 1
    RPUSH list a
    sleep 5
    DEL c list
    SET k v PX 1
    sleep 5
    SCAN 0
    MSET a 1 b 2
    PEXPIRE a 1
    PEXPIRE b 1
    sleep 5
    ? SCAN 0 COUNT 100
    SET k v PX 1
    sleep 5
    INCR k
    SET a v PX 1
    sleep 5
    RENAME a b
    SET a v PX 1
    sleep 5
    COPY k a
    SADD s1 x
    SET s2 v PX 1
    sleep 5
    SUNIONSTORE s2 s1
    SET s2 v PX 1
    sleep 5
    SUNIONSTORE s2 none
    SET s2 v PX 1
    sleep 5
    ZUNIONSTORE s2 1 none
    SET s2 v PX 1
    sleep 5
    ZUNIONSTORE s2 1 s1
    PEXPIRE s2 1
    sleep 5
    ZRANGESTORE s2 none 0 -1
    SET s2 v PX 1
    sleep 5
    SORT none STORE s2
    SET s2 v PX 1
    sleep 5
    SORT s1 ALPHA STORE s2
    PEXPIRE s2 1
    sleep 5
    SETNX s2 v
    PEXPIRE s2 1
    sleep 5
    MSETNX s2 v s3 v
    PEXPIRE s2 1
    sleep 5
    SET s2 v NX
    PEXPIRE s2 1
    sleep 5
    SET s2 v XX
    SADD s2 b
    PEXPIRE s2 1
    sleep 5
    SMOVE s1 s2 x
    PEXPIRE s2 1
    sleep 5
    SADD s2 x
    PEXPIRE s2 1
    sleep 5
    SPOP s2
    RPUSH l1 a
    PEXPIRE l1 1
    sleep 5
    LMOVE l1 l2 LEFT LEFT
    RPUSH l1 a
    RPUSH l2 a
    PEXPIRE l2 1
    sleep 5
    LMOVE l1 l2 LEFT LEFT
    PEXPIRE l2 1
    sleep 5
    GETEX l2 EX 100
    SET g v PX 1
    sleep 5
    GETDEL g
    SET g v PX 1
    sleep 5
    GETSET g v
    SET g v PX 1
    sleep 5
    MOVE g 1
    SELECT 1
    SET g v PX 1
    SELECT 0
    sleep 5
    MOVE g 1
    SET g v PX 1
    sleep 5
    PERSIST g
    SET g v PX 1
    sleep 5
    UNLINK g
    SET g v PX 1
    sleep 5
    A> BLPOP g 0
    RPUSH g a
    MULTI
    SET g v PX 1
    EXEC
    sleep 5
    MULTI
    GET g
    SET h v
    EXEC
    EXISTS k
    TTL k
    SET e v PX 1
    sleep 5
    EXPIRE e 100
    FLUSHALL
    SET e v PX 1
    sleep 5
    RANDOMKEY
  `);

  sameStream('lists', `
    RPUSH l a b c d e f
    lpush l z
    LPUSHX l y
    LPUSHX none y
    LPOP l
    LPOP l 2
    LPOP l 0
    RPOP none
    LSET l 0 x
    LINSERT l BEFORE x w
    LINSERT l BEFORE nowhere w
    LREM l 0 nothing
    LREM l 0 x
    LTRIM l 0 1
    LTRIM l 0 -1
    LMOVE l m LEFT RIGHT
    RPOPLPUSH l m
    RPOPLPUSH l m
    LMPOP 2 l m LEFT COUNT 10
    LMPOP 2 l m LEFT
    RPUSH l a b c d
    LMPOP 2 none l RIGHT COUNT 3
    BLPOP none l 0
    BLPOP none 0.01
    RPUSH l a b
    BRPOP l 0
    BLMOVE l m left RIGHT 0
    BRPOPLPUSH m l 0
    RPUSH l a b c
    BLMPOP 0 1 l LEFT COUNT 2
    A> BLPOP q1 0
    B> BRPOP q1 0
    RPUSH q1 one two three
    A> BLMOVE q2 dest LEFT RIGHT 0
    RPUSH q2 one
    A> BRPOPLPUSH q3 q4 0
    B> BLPOP q4 0
    RPUSH q3 one
    A> BLMPOP 0 1 q5 LEFT COUNT 2
    RPUSH q5 a b c
    A> BLPOP q6 0
    MULTI
    RPUSH q6 a
    SET x y
    EXEC
  `);

  sameStream('hashes and sets', `
    HSET h f v g w
    HSET h f v
    HMSET h f v
    HSETNX h f v
    HSETNX h n v
    HINCRBY h i 5
    HINCRBY h i 0
    HINCRBYFLOAT h x 1.5
    HDEL h nothing
    HDEL h f
    DEL h
    SADD s a
    SADD s a
    SADD s b c
    SREM s nothing
    SREM s a
    SMOVE s t b
    SMOVE s t nothing
    SMOVE s t c
    SPOP none
    SADD s one
    SPOP s
    SADD s a b
    SPOP s 5
    SADD s a b c d
    ? SPOP s 2
    ? SPOP s 1
    SPOP s 0
    DEL s
    SADD s a b
    SADD u b c
    SINTERSTORE dst s u
    SUNIONSTORE dst s u
    SDIFFSTORE dst s s
    SDIFFSTORE dst s s
    SRANDMEMBER s
  `);

  sameStream('sorted sets', `
    ZADD z 1 a 2 b
    ZADD z 1 a
    ZADD z NX 5 a
    ZADD z INCR 1 a
    ZINCRBY z 0 a
    ZINCRBY z 2.5 a
    ZREM z nothing
    ZREM z b
    ZADD z 1 a 2 b 3 c 4 d 5 e 6 f
    ZPOPMIN z
    ZPOPMAX z 2
    ZPOPMAX z 0
    BZPOPMIN none z 0
    ZMPOP 2 none z MAX COUNT 2
    ZADD z 1 a 2 b 3 c 4 d 5 e 6 f
    BZMPOP 0 1 z MIN COUNT 2
    ZRANGESTORE y z 0 -1
    ZRANGESTORE y none 0 -1
    ZUNIONSTORE y 2 z z
    ZINTERSTORE y 2 z none
    ZDIFFSTORE y 1 z
    ZREMRANGEBYSCORE z 100 200
    ZREMRANGEBYRANK z 0 0
    A> BZPOPMAX q 0
    B> BZMPOP 0 1 q MIN COUNT 2
    ZADD q 1 a 2 b 3 c 4 d
  `);

  sameStream('transactions, messages, dumps', `
    MULTI
    SET a 1
    INCR a
    EXEC
    MULTI
    SET a 1
    EXEC
    MULTI
    GET a
    EXEC
    MULTI
    SET a 1
    SELECT 3
    SET b 1
    SELECT 0
    PUBLISH chan message
    EXEC
    MULTI
    SET a 1
    INCR nothing extra
    EXEC
    MULTI
    LPUSH a x
    SET c 1
    EXEC
    MULTI
    SPOP none
    SADD s one
    SPOP s
    EXPIRE a 100
    INCRBYFLOAT c 0.5
    BLPOP none 0
    EXEC
    PUBLISH chan message
    publish chan message
    SPUBLISH shard message
    RESTORE r 0 "\\x00\\xc0\\x01\\x0a\\x00\\xbf\\xdd\\xdb\\xc8\\xfa\\x33\\xc5\\x0c"
    CONFIG SET maxmemory-samples 6
    CONFIG RESETSTAT
    CLIENT SETNAME x
  `);
});
