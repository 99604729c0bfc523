// Transactions on our node and on a real server: queueing, aborts, blocked clients.
import { parity, parityFile } from './harness.js';
import { script } from './script.js';

parityFile('transactions', (pair) => {
  parity(pair, 'MULTI, EXEC, DISCARD', String.raw`
    EXEC
    DISCARD
    MULTI
    MULTI
    SET a 1
    INCR a
    GET a
    EXEC
    GET a
    EXEC
    MULTI
    EXEC
    MULTI
    SET a 5
    DISCARD
    GET a
    DISCARD
    MULTI
    NOSUCH
    SET a 6
    EXEC
    GET a
    MULTI
    GET
    EXEC
    MULTI
    CLIENT BAD
    EXEC
    MULTI
    CONFIG GET
    EXEC
    MULTI
    SET a x
    INCR a
    LPUSH a x
    SET a 7
    EXEC
    GET a
    MULTI
    MULTI
    GET a
    EXEC
    MULTI
    WATCH a
    GET a
    EXEC
    MULTI
    UNWATCH
    GET a
    EXEC
    MULTI x
    EXEC x
    DISCARD x
    MULTI
    EXEC x
    EXEC
    MULTI
    DISCARD x
    EXEC
    MULTI
    PING
    PING x
    ECHO hi
    SELECT 1
    SET in-one 1
    SELECT 0
    GET in-one
    EXEC
    GET in-one
    SELECT 1
    GET in-one
    SELECT 0
    MULTI
    SELECT 99
    GET a
    EXEC
    MULTI
    MGET a b
    LRANGE a 0 -1
    RPUSH l a b c
    LRANGE l 0 -1
    HSET h f v
    HGETALL h
    SADD s 1 2 3
    SMEMBERS s
    ZADD z 1 a
    ZRANGE z 0 -1 WITHSCORES
    ZSCORE z a
    ZSCORE z b
    EXISTS l
    TYPE l
    DEL l h s z
    EXEC
    MULTI
    BLPOP nothing 0
    BRPOP nothing 0
    BLMOVE nothing x LEFT LEFT 0
    BRPOPLPUSH nothing x 0
    BLMPOP 0 1 nothing LEFT
    BZPOPMIN nothing 0
    BZPOPMAX nothing 0
    BZMPOP 0 1 nothing MIN
    EXEC
    RPUSH l a b c d e
    ZADD z 1 a 2 b
    MULTI
    BLPOP l 0
    BLMOVE l m LEFT LEFT 0
    BZPOPMIN z 0
    BLMPOP 0 1 l RIGHT COUNT 2
    LRANGE l 0 -1
    EXEC
    MULTI
    BLPOP l -1
    BLPOP l x
    BLPOP a 0
    EXEC
    multi
    exec
    UNWATCH
    UNWATCH x
    WATCH
    RESET
    MULTI
    SET a 9
    RESET
    EXEC
    GET a
    MULTI
    DISCARD
    MULTI
    CLIENT GETNAME
    CLIENT SETNAME x
    CLIENT GETNAME
    EXEC
    MULTI
    SORT l
    OBJECT ENCODING a
    EXPIRE a 100
    TTL a
    EXEC
    MULTI
    RENAME nothing x
    COPY nothing x
    MOVE a 99
    EXEC
    MULTI
    QUIT
  `);

  script(pair, 'transactions wake blocked clients once', `
    A> BLPOP k 0
    B> MULTI
    B> RPUSH k a
    B> LPOP k
    B> RPUSH k b c
    B> EXEC
    A> BLPOP k 0
    A> BLPOP k 0
    B> MULTI
    B> RPUSH k x
    B> DEL k
    B> EXEC
    B> MULTI
    B> DEL k
    B> RPUSH k y
    B> EXEC
    A> BLMOVE src dst LEFT RIGHT 0
    C> BLPOP dst 0
    B> RPUSH src v
  `);
});
