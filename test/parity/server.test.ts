// Server basics on our node and on a real server: databases, COMMAND, CONFIG, DEBUG, TIME and others.
import { parity, parityFile } from './harness.js';
import { script } from './script.js';

parityFile('server basics', (pair) => {
  parity(pair, 'databases', String.raw`
    DBSIZE
    DBSIZE x
    MSET a 1 b 2
    DBSIZE
    SELECT 1
    DBSIZE
    SET c 3
    DBSIZE
    SELECT 0
    SWAPDB 0 1
    DBSIZE
    SWAPDB 0 1
    SWAPDB 0 0
    SWAPDB
    SWAPDB 0
    SWAPDB x 0
    SWAPDB 0 x
    SWAPDB 0 99
    SWAPDB -1 0
    FLUSHDB
    DBSIZE
    SELECT 1
    DBSIZE
    FLUSHDB ASYNC
    DBSIZE
    FLUSHDB SYNC
    FLUSHDB BAD
    FLUSHDB SYNC x
    FLUSHALL
    FLUSHALL sync
    FLUSHALL ASYNC
    FLUSHALL BAD
    FLUSHALL ASYNC SYNC
    TIME
    TIME x
    LASTSAVE x
    ROLE
    ROLE x
    REPLICAOF
    REPLICAOF x
    WAIT 0 0
    WAIT 0 10
    WAIT x 0
    WAIT 0 x
    WAIT 0 -1
    WAIT -1 0
    WAIT 1 1
    WAIT
    MULTI
    WAIT 1 0
    WAIT 0 0
    WAIT 0 -1
    EXEC
    MONITOR x
    ASKING
    READONLY
    READWRITE
    CLUSTER
    CLUSTER INFO
    CLUSTER NODES
    CLUSTER BAD
    CLUSTER KEYSLOT foo
    CLUSTER MEET
    ASKING x
  `);

  parity(pair, 'COMMAND', String.raw`
    COMMAND BAD
    COMMAND INFO get
    COMMAND INFO GET strlen nosuch
    COMMAND INFO config|get
    COMMAND INFO config
    COMMAND INFO del unlink exists type keys randomkey rename renamenx copy move
    COMMAND INFO expire pexpire expireat pexpireat ttl pttl persist touch object wait
    COMMAND INFO dump restore restore-asking migrate scan
    COMMAND INFO client auth hello ping echo quit reset select
    COMMAND INFO subscribe unsubscribe psubscribe punsubscribe ssubscribe sunsubscribe publish spublish pubsub
    COMMAND INFO multi exec discard watch unwatch
    COMMAND INFO append decr decrby getdel getrange getset incr incrby incrbyfloat lcs mget mset msetnx psetex setex setnx setrange strlen substr
    COMMAND INFO lpush rpush lpop rpop blpop brpop lmove blmove lmpop blmpop rpoplpush brpoplpush lpos lrange
    COMMAND INFO hset hget hgetall hscan hrandfield
    COMMAND INFO sadd sscan spop srandmember sinterstore sintercard
    COMMAND INFO zadd zrange zrangestore zunionstore zinter bzpopmin bzmpop zscan
    COMMAND INFO ""
    COMMAND GETKEYS GET a
    COMMAND GETKEYS SET a b
    COMMAND GETKEYS MSET a 1 b 2
    COMMAND GETKEYS DEL a b c
    COMMAND GETKEYS SORT a BY x GET y LIMIT 0 1 STORE dst
    COMMAND GETKEYS SORT a STORE b STORE c
    COMMAND GETKEYS SORT_RO a BY x
    COMMAND GETKEYS SORT a
    COMMAND GETKEYS MIGRATE h 1 k 0 1
    COMMAND GETKEYS MIGRATE h 1 "" 0 1 COPY KEYS a b
    COMMAND GETKEYS MIGRATE h 1 "" 0 1 AUTH keys KEYS a b
    COMMAND GETKEYS MIGRATE h 1 "" 0 1 AUTH2 keys keys KEYS a b
    COMMAND GETKEYS MIGRATE h 1 k 0 1 KEYS a b
    COMMAND GETKEYS MIGRATE h 1 "" 0 1
    COMMAND GETKEYS COPY a b
    COMMAND GETKEYS RENAME a b
    COMMAND GETKEYS OBJECT ENCODING a
    COMMAND GETKEYS WATCH a b
    COMMAND GETKEYS SSUBSCRIBE a b
    COMMAND GETKEYS SUBSCRIBE a
    COMMAND GETKEYS PING
    COMMAND GETKEYS NOSUCH
    COMMAND GETKEYS GET
    COMMAND GETKEYS
    COMMAND GETKEYSANDFLAGS RENAME a b
    COMMAND GETKEYSANDFLAGS SORT a STORE b
    COMMAND GETKEYSANDFLAGS COPY a b
    COMMAND LIST FILTERBY ACLCAT transaction x
    COMMAND LIST FILTERBY BAD x
    ~ COMMAND LIST FILTERBY ACLCAT transaction
    ~ COMMAND LIST FILTERBY PATTERN *expire*
    COMMAND COUNT x
  `);

  parity(pair, 'DEBUG digests of values', String.raw`
    SET s hello
    SET n 5
    RPUSH l a b c 1 2
    HSET h f v g w
    SADD set a b 1
    SADD ints 1 2 3
    ZADD z 1 a 2.5 b -inf c
    DEBUG DIGEST-VALUE s n l h set ints z missing
    EXPIRE s 100000
    DEBUG DIGEST-VALUE s
    SELECT 3
    SET s hello
    DEBUG DIGEST-VALUE s
  `);

  script(pair, 'WATCH and databases that come and go', `
    A> SET k 1
    A> WATCH k
    B> FLUSHALL
    A> MULTI
    A> PING
    A> EXEC
    A> WATCH k
    B> FLUSHALL
    A> MULTI
    A> PING
    A> EXEC
    B> SET k 1
    A> WATCH k
    B> FLUSHDB
    A> MULTI
    A> PING
    A> EXEC
    A> WATCH k
    B> SELECT 1
    B> SET k 1
    B> SWAPDB 0 1
    A> MULTI
    A> GET k
    A> EXEC
    A> WATCH nothing
    B> SWAPDB 0 1
    A> MULTI
    A> GET k
    A> EXEC
    A> BLPOP l 0
    B> RPUSH l in-db-one
    B> SWAPDB 0 1
    A> BLPOP l 0
    B> SELECT 0
    B> RPUSH l x
  `);
});
