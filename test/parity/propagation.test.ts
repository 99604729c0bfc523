// What commands on keys, strings and transactions send to replicas.
import { propagationFile } from './propagation.js';

propagationFile('keys and strings', (sameStream) => {
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
