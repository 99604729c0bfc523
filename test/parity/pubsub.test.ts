// Publish and subscribe on our node and on a real server; client-side caching too.
import { parity, parityFile } from './harness.js';
import { script } from './script.js';

parityFile('publish and subscribe', (pair) => {
  parity(pair, 'one connection', String.raw`
    PUBLISH c hello
    PUBLISH c
    PUBLISH
    PUBLISH a b c
    SPUBLISH c hello
    SPUBLISH c
    PUBSUB
    PUBSUB BAD
    PUBSUB CHANNELS
    PUBSUB CHANNELS *
    PUBSUB CHANNELS a b
    PUBSUB NUMSUB
    PUBSUB NUMSUB a
    PUBSUB NUMSUB a b a
    PUBSUB NUMPAT
    PUBSUB NUMPAT x
    PUBSUB SHARDCHANNELS
    PUBSUB SHARDCHANNELS a b
    PUBSUB SHARDNUMSUB
    PUBSUB SHARDNUMSUB a b
    PUBSUB HELP
    PUBSUB HELP x
    SUBSCRIBE
    PSUBSCRIBE
    SSUBSCRIBE
    UNSUBSCRIBE
    PUNSUBSCRIBE
    SUNSUBSCRIBE
    UNSUBSCRIBE a b
    PUNSUBSCRIBE a
    SUNSUBSCRIBE a
    SUBSCRIBE c
    PING
    UNSUBSCRIBE c
    PING
    SUBSCRIBE a b a
    PSUBSCRIBE p*
    UNSUBSCRIBE a zz
    UNSUBSCRIBE b
    PUNSUBSCRIBE p*
    SSUBSCRIBE s
    SSUBSCRIBE s
    SUNSUBSCRIBE s
    GET k
    SUBSCRIBE c
    UNSUBSCRIBE
    PSUBSCRIBE x*
    PUNSUBSCRIBE
    SSUBSCRIBE y
    SUNSUBSCRIBE
    SUBSCRIBE "\x00\xff"
    UNSUBSCRIBE "\x00\xff"
    MULTI
    PUBLISH c x
    SPUBLISH c x
    PUBSUB NUMSUB c
    EXEC
  `);

  script(pair, 'RESP2 subscribers may say little', `
    A> SUBSCRIBE c
    A> GET k
    A> PUBLISH c x
    A> SET
    A> NOSUCH
    A> PING
    A> PING x
    A> PING x y
    A> CLIENT ID
    A> MULTI
    A> EXEC
    A> PSUBSCRIBE *
    A> SSUBSCRIBE s
    A> UNSUBSCRIBE
    A> PUNSUBSCRIBE
    A> GET k
    A> SUNSUBSCRIBE
    A> GET k
    A> SUBSCRIBE c
    A> RESET
    A> GET k
    A> SSUBSCRIBE s
    A> GET k
    A> ECHO x
    A> HELLO 3
    A> CONFIG GET maxmemory
    A> QUIT
  `);

  for (const protocol of [2, 3]) {
    script(pair, `messages to RESP${protocol}`, `
      connect A ${protocol}
      connect B ${protocol}
      A> SUBSCRIBE news sport
      A> PSUBSCRIBE n* ?ews
      B> ~ PUBLISH news hello
      B> ~ PUBLISH sport ""
      B> ~ PUBLISH nothing x
      B> ~ PUBLISH news "\\x00\\xff\\r\\n"
      B> PUBSUB CHANNELS
      B> PUBSUB CHANNELS n*
      B> PUBSUB NUMSUB news sport none
      B> PUBSUB NUMPAT
      C> SUBSCRIBE news
      B> ~ PUBLISH news two
      B> PUBSUB NUMSUB news
      A> UNSUBSCRIBE news
      B> ~ PUBLISH news three
      A> PUNSUBSCRIBE n*
      B> ~ PUBLISH news four
      close C
      B> ~ PUBLISH news five
      B> PUBSUB NUMSUB news
      B> PUBSUB NUMPAT
      B> SPUBLISH news shard
      A> SSUBSCRIBE shard news
      B> SPUBLISH shard x
      B> SPUBLISH news y
      B> ~ PUBLISH shard z
      ~ A> UNSUBSCRIBE
      B> PUBSUB SHARDCHANNELS
      B> PUBSUB SHARDCHANNELS s*
      B> PUBSUB SHARDNUMSUB shard none
      A> SUNSUBSCRIBE shard
      B> SPUBLISH shard x
      A> SUNSUBSCRIBE
      A> PUNSUBSCRIBE
      A> PING
      A> SUBSCRIBE a
      A> RESET
      B> ~ PUBLISH a x
      B> MULTI
      B> ~ PUBLISH a x
      B> EXEC
    `.replace('~ A> UNSUBSCRIBE', 'A> UNSUBSCRIBE sport'));
  }

  script(pair, 'RESP3 clients hear themselves', `
    connect A 3
    A> SUBSCRIBE c
    A> PUBLISH c hello
    A> GET k
    A> SET k v
    A> PING
    A> PSUBSCRIBE c*
    A> PUBLISH c twice
    A> MULTI
    A> GET k
    A> EXEC
    A> UNSUBSCRIBE c
    A> PUNSUBSCRIBE c*
    A> CLIENT LIST TYPE pubsub
  `);

  script(pair, 'subscribing inside a transaction', `
    connect A 2
    A> MULTI
    A> SUBSCRIBE c
    A> PING
    A> EXEC
    A> GET k
    A> UNSUBSCRIBE c
    connect B 3
    B> MULTI
    B> SUBSCRIBE c
    B> PSUBSCRIBE p*
    B> SSUBSCRIBE s
    B> UNSUBSCRIBE c
    B> EXEC
    A> PUBLISH p1 x
  `);

  script(pair, 'keyspace events are messages', `
    connect A 3
    connect B 2
    A> PSUBSCRIBE __key*
    B> SET k v
    B> SET k v EX 100
    B> GET k
    B> GET missing
    B> DEL k missing
    B> INCR n
    B> APPEND s x
    B> SETRANGE s 3 x
    B> EXPIRE s 100
    B> PERSIST s
    B> PERSIST s
    B> RENAME s t
    B> COPY t u
    B> RENAMENX t v
    B> MOVE v 1
    B> EXPIRE u -1
    B> GETEX n EX 100
    B> GETEX n PERSIST
    B> GETDEL n
    B> MSET a 1 b 2
    B> MSETNX a 1 c 2
    B> SETNX d 1
    B> GETSET d 2
    B> INCRBYFLOAT f 1.5
    B> DECR d
    B> SET e v PXAT 1
    B> GET e
    B> RPUSH l 3 1 2
    B> SORT l STORE dst
    B> SORT missing STORE dst
    B> SORT missing STORE dst
    B> TYPE missing
    B> TTL missing
    B> EXISTS missing
    B> TOUCH missing
    B> OBJECT ENCODING missing
    B> DUMP missing
    B> STRLEN missing
    B> GETRANGE missing 0 1
    B> MGET missing a
    B> SORT missing
    B> RANDOMKEY
    B> UNLINK a b
    B> SETEX x 100 v
    B> PSETEX x 100000 v
    B> SET x v KEEPTTL
    B> RESTORE r 0 "\\x00\\x05hello\\n\\x00cr\\xdfve4 \\n"
    B> RESTORE r 0 "\\x00\\x05hello\\n\\x00cr\\xdfve4 \\n" REPLACE
    B> RESTORE r 1 "\\x00\\x05hello\\n\\x00cr\\xdfve4 \\n" REPLACE ABSTTL
    B> RESTORE r 1 "\\x00\\x05hello\\n\\x00cr\\xdfve4 \\n" REPLACE ABSTTL
    B> LCS missing missing2
    B> MULTI
    B> SET k 1
    B> DEL k
    B> EXEC
  `);
}, { 'notify-keyspace-events': 'KEAmn' });

parityFile('client-side caching', (pair) => {
  script(pair, 'default mode', `
    connect A 3
    connect B 2
    B> MSET k 1 l 2 m 3
    A> CLIENT TRACKING ON
    A> GET k
    B> SET k 2
    B> SET k 3
    A> MGET k l missing
    B> DEL l
    B> SET missing 1
    A> GET k
    A> SET k 4
    A> GET k
    B> EXPIRE k 100
    A> GET k
    B> GET k
    B> SELECT 1
    B> SET k other-db
    B> SELECT 0
    A> GET k
    B> FLUSHALL
    A> GET k
    A> FLUSHALL
    A> CLIENT TRACKINGINFO
    B> SET k 1
    A> GET k
    A> MULTI
    A> SET k 2
    A> GET k
    A> SET k 3
    A> EXEC
    A> GET k
    A> CLIENT TRACKING OFF
    B> SET k 5
    A> CLIENT TRACKING ON NOLOOP
    A> GET k
    A> SET k 6
    A> GET k
    B> SET k 7
    A> EXISTS k
    B> RENAME k k2
    A> STRLEN k2
    B> APPEND k2 x
    A> LRANGE list 0 -1
    B> RPUSH list a
    A> TTL k2
    B> PERSIST k2
    B> EXPIRE k2 -1
  `);

  script(pair, 'OPTIN and OPTOUT', `
    connect A 3
    connect B 2
    A> CLIENT TRACKING ON OPTIN
    A> GET k
    B> SET k 1
    A> CLIENT CACHING YES
    A> GET k
    A> GET l
    B> SET k 2
    B> SET l 2
    A> CLIENT CACHING YES
    A> MULTI
    A> GET k
    A> GET l
    A> EXEC
    A> GET m
    B> MSET k 1 l 1 m 1
    A> CLIENT TRACKING OFF
    A> CLIENT TRACKING ON OPTOUT
    A> GET k
    A> CLIENT CACHING NO
    A> GET l
    B> MSET k 1 l 1
    A> CLIENT TRACKING OFF
  `);

  script(pair, 'BCAST', `
    connect A 3
    connect B 2
    connect C 3
    A> CLIENT TRACKING ON BCAST PREFIX user: PREFIX item:
    C> CLIENT TRACKING ON BCAST NOLOOP
    B> SET user:1 x
    B> SET other 1
    B> MSET user:2 b user:1 a item:1 c
    A> GET user:1
    C> SET user:1 z
    C> SET c 1
    B> DEL user:1 nothing
    A> CLIENT TRACKING OFF
    B> SET user:1 y
    C> CLIENT TRACKING OFF
    B> SET user:1 y
  `);

  script(pair, 'REDIRECT', `
    connect A 2
    connect B 2
    connect C 2
    B> SUBSCRIBE __redis__:invalidate
    A> CLIENT TRACKING ON REDIRECT $idB
    A> GET k
    C> SET k 1
    A> GET k
    A> SET k 2
    A> GET k
    C> FLUSHALL
    A> GET k
    B> UNSUBSCRIBE __redis__:invalidate
    C> SET k 3
    connect D 3
    D> CLIENT TRACKING ON REDIRECT $idC
    D> GET k
    A> SET k 4
    close C
    D> GET k
    A> ? SET k 5
    D> ? CLIENT TRACKINGINFO
    connect E 3
    D> CLIENT TRACKING ON REDIRECT $idE
    D> GET k
    A> SET k 6
    D> CLIENT TRACKING OFF
    connect F 2
    F> CLIENT TRACKING ON
    F> GET k
    A> SET k 7
    F> PING
  `);
});
