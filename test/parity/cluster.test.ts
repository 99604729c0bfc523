// Cluster mode on our node and on a real server, each owning all slots: restricted commands, routing, shard channels.
import { parity, parityFile } from './harness.js';
import { script } from './script.js';

parityFile('cluster mode', (pair) => {
  parity(pair, 'restricted commands', String.raw`
    SELECT 0
    SELECT 1
    SELECT x
    SELECT -1
    SET k v
    MOVE k 1
    MOVE k 0
    MOVE k x
    MOVE missing 1
    SWAPDB 0 1
    SWAPDB 0 0
    COPY k {k}2 DB 0
    COPY k {k}2 DB 1
    COPY k {k}2 DB 0 REPLACE
    COPY k other
    COPY missing {missing}x DB 3
    RPUSH l 3 1 2
    SORT l
    SORT l BY w_*
    SORT l BY nosort
    SORT l GET #
    SORT l GET o_*
    SORT l BY w_* GET #
    SORT l GET # BY w_*
    SORT l STORE {l}dst
    SORT l STORE dst
    SORT_RO l BY w_*
    SORT_RO l GET #
    SORT l BAD
    SORT missing BY w_*
    MULTI
    SORT l GET #
    EXEC
    DBSIZE
    SCAN 0 COUNT 100000 MATCH nothing
    RENAME k other
    RENAME k {k}new
    RENAMENX {k}new other
    DEL k other
    DEL {k}new {k}2
    EXISTS a b
    EXISTS {x}a {x}b
    TOUCH a b
    UNLINK a b
    MGET a b
    MSET a 1 b 2
    MSET {a}1 1 {a}2 2
    MSETNX a 1 b 2
    WATCH a b
    WATCH {a}1 {a}2
    UNWATCH
    MULTI
    MSET a 1 b 2
    EXEC
    MULTI
    SET a 1
    SET b 2
    EXEC
    MULTI
    SET {t}a 1
    GET {t}b
    EXEC
    OBJECT ENCODING {a}1
    DUMP missing
    LCS a b
    LCS {a}1 {a}2
    SUNIONSTORE a b c
    LMOVE a b LEFT LEFT
    RPOPLPUSH a b
    SMOVE a b m
    ZUNIONSTORE a 1 b
    ZRANGESTORE a b 0 -1
    BLPOP a b 0
    BLMOVE a b LEFT LEFT 0
    SINTERCARD 2 a b
    LMPOP 2 a b LEFT
    MIGRATE 127.0.0.1 1 "" 0 100 KEYS a b
    MIGRATE 127.0.0.1 1 "" 0 100 KEYS nothing
    MIGRATE 127.0.0.1 1 k 0 100 KEYS a b
    FLUSHALL
    HELLO x
    CLIENT GETNAME
    RANDOMKEY
    KEYS *
  `);

  parity(pair, 'shard channels', String.raw`
    SPUBLISH ch hello
    SSUBSCRIBE a
    SUNSUBSCRIBE a
    PUBSUB SHARDCHANNELS
    PUBSUB SHARDNUMSUB a
    PUBLISH c x
    SUBSCRIBE a b
    UNSUBSCRIBE a b
    MULTI
    PUBLISH c x
    SPUBLISH c x
    EXEC
    ASKING
    READONLY
    READWRITE
    READONLY x
  `);

  script(pair, 'subscribing to shards', `
    A> SSUBSCRIBE {x}1 {x}2
    A> SSUBSCRIBE a b
    B> SPUBLISH {x}1 hello
    B> PUBSUB SHARDCHANNELS {x}1
    B> SPUBLISH a none
    A> SUNSUBSCRIBE {x}1
    A> SUNSUBSCRIBE {x}2 other
    A> SUNSUBSCRIBE {x}2
    B> CLUSTER COUNTKEYSINSLOT 0
    A> GET k
    connect C 3
    C> SSUBSCRIBE k
    C> CLUSTER KEYSLOT k
    B> CLUSTER DELSLOTS 7629
    B> CLUSTER ADDSLOTS 7629
    B> SPUBLISH k x
    C> PING
  `);
}, { 'cluster-enabled': 'yes' });
