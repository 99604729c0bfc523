// Times to live on our node and on a real server: EXPIRE with its conditions, keys whose time has passed.
import { parity, parityFile } from './harness.js';

parityFile('times to live', (pair) => {
  parity(pair, 'EXPIRE and its conditions', String.raw`
    EXPIRE missing 10
    TTL missing
    PTTL missing
    EXPIRETIME missing
    PEXPIRETIME missing
    PERSIST missing
    SET k v
    TTL k
    PTTL k
    EXPIRETIME k
    PEXPIRETIME k
    PERSIST k
    EXPIRE k 100
    TTL k
    PTTL k
    PERSIST k
    TTL k
    PEXPIRE k 100000
    PTTL k
    EXPIREAT k 99999999999
    EXPIRETIME k
    PEXPIRETIME k
    PEXPIREAT k 99999999999499
    EXPIRETIME k
    PEXPIREAT k 99999999999500
    EXPIRETIME k
    PEXPIRETIME k
    EXPIRE k 100 NX
    EXPIRE k 100 XX
    TTL k
    EXPIRE k 50 GT
    EXPIRE k 200 GT
    TTL k
    EXPIRE k 300 LT
    EXPIRE k 100 LT
    TTL k
    PERSIST k
    EXPIRE k 100 XX
    EXPIRE k 100 GT
    TTL k
    EXPIRE k 100 LT
    TTL k
    PERSIST k
    EXPIRE k 100 NX
    TTL k
    EXPIRE k 100 XX LT
    EXPIRE k 50 LT XX
    EXPIRE k 200 XX GT
    TTL k
    PERSIST k
    EXPIRE k 100 XX LT
    EXPIRE k 100 LT LT
    EXPIRE k 100 NX XX
    EXPIRE k 100 NX GT
    EXPIRE k 100 NX LT
    EXPIRE k 100 GT LT
    EXPIRE k 100 NX XX GT LT
    EXPIRE k 100 GT LT NX
    EXPIRE k 100 XX GT LT
    EXPIRE k 100 BAD
    EXPIRE k 100 NX BAD
    EXPIRE k 100 "bad option"
    EXPIRE k 100 nx
    EXPIRE k abc
    EXPIRE k ""
    EXPIRE k 1.5
    EXPIRE k abc BAD
    EXPIRE k 9223372036854775807
    EXPIRE k -9223372036854775808
    EXPIRE k 9223372036854775
    EXPIRE k 9223372036854774
    EXPIRE k -9223372036854776
    PEXPIRE k 9223372036854775807
    PEXPIRE k 9223372036854775808
    EXPIREAT k 9223372036854775807
    EXPIREAT k 9223372036854776
    EXPIRE missing abc
    EXPIRE missing 9223372036854775807
    EXPIRE k
    EXPIRE
    PEXPIRE k
    EXPIREAT k
    PEXPIREAT k
    TTL
    TTL a b
    PERSIST
    EXPIRE k 0
    EXISTS k
    SET k v
    EXPIRE k -1
    EXISTS k
    SET k v
    PEXPIRE k 0
    EXISTS k
    SET k v
    EXPIREAT k 1
    EXISTS k
    SET k v
    PEXPIREAT k -5
    EXISTS k
    SET k v
    EXPIRE k -9223372036854775
    EXISTS k
    SET k v EX 100
    EXPIRE k -1 GT
    EXISTS k
    EXPIRE k -1 LT
    EXISTS k
    SET k v
    EXPIRE k -1 XX
    EXISTS k
    EXPIRE k 0 NX
    EXISTS k
    LPUSH l a
    EXPIRE l 100
    LPUSH l b
    TTL l
    SADD s a
    EXPIRE s 100
    SADD s b
    TTL s
    HSET h f v
    EXPIRE h 100
    HSET h g v
    TTL h
    ZADD z 1 a
    EXPIRE z 100
    ZADD z 2 b
    TTL z
    DEL l
    LPUSH l a
    TTL l
  `);

  parity(pair, 'keys whose time has passed', String.raw`
    SET a v PXAT 1
    TYPE a
    SET a v PXAT 1
    DEL a
    SET a v PXAT 1
    EXISTS a
    SET a v PXAT 1
    TTL a
    SET a v PXAT 1
    RENAME a b
    SET a v PXAT 1
    COPY a b
    SET a v PXAT 1
    PERSIST a
    SET a v PXAT 1
    EXPIRE a 10
    SET a v PXAT 1
    INCR a
    SET a v PXAT 1
    APPEND a x
    GET a
    TTL a
    SET a v PXAT 1
    SETNX a new
    GET a
    TTL a
    SET a v PXAT 1
    LPUSH a x
    TYPE a
    TTL a
    DEL a
    SET a v PXAT 1
    SET b w
    RENAMENX b a
    GET a
    SET b x PXAT 1
    RENAMENX a b
    GET b
    SET a v PXAT 1
    COPY b a
    GET a
    SET a v PXAT 1
    DBSIZE
    SET a v PXAT 1
    OBJECT ENCODING a
    SET a v PXAT 1
    DUMP a
    SET a v PXAT 1
    MOVE a 1
    SET a v PXAT 1
    TOUCH a
    SET a v PXAT 1
    GETDEL a
    SET a v PXAT 1
    GETEX a PERSIST
    SET a v PXAT 1
    SORT a
    SET a v PXAT 1
    MSETNX a 1
    GET a
  `);
});
