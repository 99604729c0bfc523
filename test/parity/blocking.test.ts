// Blocking commands on the bundled node and on a real server: which client is served, in which order, and what ends a wait.
import { parity, parityFile } from './harness.js';
import { script } from './script.js';

parityFile('blocking commands', (pair) => {
  parity(pair, 'at once, and timeouts that are wrong', String.raw`
    RPUSH l a b c d e f g h i j k l m n o p
    BLPOP l 0
    BRPOP l 0
    BLPOP none l 0
    BLPOP l 0.5
    BLPOP l -1
    BLPOP l x
    BLPOP l ""
    BLPOP l " 1"
    BLPOP l inf
    BLPOP l nan
    BLPOP l 1e400
    BLPOP l 99999999999999999999
    BLPOP l 0x10
    BLPOP
    BLPOP l
    SET s x
    BLPOP s 0
    BLPOP none s 0
    BLPOP none l s 0
    BLMOVE l m LEFT RIGHT 0
    BLMOVE l m BAD RIGHT 0
    BLMOVE l m LEFT RIGHT -1
    BLMOVE l s LEFT RIGHT 0
    BLMOVE s m LEFT RIGHT 0
    BLMOVE none s LEFT RIGHT 0.01
    BRPOPLPUSH m l 0
    BRPOPLPUSH m l x
    LRANGE l 0 -1
    BLMPOP 0 1 l LEFT
    BLMPOP 0 2 none l RIGHT COUNT 2
    BLMPOP 0 0 l LEFT
    BLMPOP 0 1 l BAD
    BLMPOP 0 1 l LEFT COUNT 0
    BLMPOP 0 1 l LEFT COUNT
    BLMPOP -1 1 l LEFT
    BLMPOP x 1 l LEFT
    BLMPOP 0 x l LEFT
    BLMPOP 0 2 l LEFT
    BLMPOP 0 1 s LEFT
    ZADD z 1 a 2 b 3 c 4 d
    BZPOPMIN z 0
    BZPOPMAX z 0
    BZPOPMIN none z 0
    BZPOPMIN s 0
    BZPOPMIN z -1
    BZPOPMIN z x
    BZMPOP 0 1 z MIN
    ZADD z 1 a 2 b 3 c
    BZMPOP 0 2 none z MAX COUNT 2
    BZMPOP 0 1 z BAD
    BZMPOP 0 1 s MIN
    BZMPOP 0 0 z MIN
    BZMPOP -1 1 z MIN
    BLPOP none 0.01
    BRPOP none none2 0.01
    BLMOVE none m LEFT LEFT 0.01
    BRPOPLPUSH none m 0.01
    BLMPOP 0.01 1 none LEFT
    BZPOPMIN none 0.01
    BZPOPMAX none 0.01
    BZMPOP 0.01 1 none MIN
  `);

  script(pair, 'first come, first served', `
    A> BLPOP k 0
    B> BLPOP k 0
    C> BRPOP k other 0
    D> RPUSH k 1
    D> RPUSH k 2 3 4
    D> LRANGE k 0 -1
    A> BLPOP k 0
    A> BLPOP x y 0
    B> BLPOP y x 0
    D> MULTI
    D> RPUSH x 1
    D> RPUSH y 2
    D> EXEC
    A> BLPOP x y x 0
    D> RPUSH x once
    D> LRANGE x 0 -1
  `);

  script(pair, 'what does not wake', `
    A> BLPOP k 0
    B> SET k string
    B> DEL k
    B> HSET k f v
    B> DEL k
    B> SADD k m
    B> DEL k
    B> ZADD k 1 a
    B> DEL k
    C> BZPOPMIN k 0
    B> RPUSH k x
    B> ZADD k 1 a
    B> PING
    D> BLPOP l 0
    B> MULTI
    B> RPUSH l 1
    B> DEL l
    B> EXEC
    B> SELECT 1
    B> RPUSH l other-db
    B> SELECT 0
    B> RPUSH l this-db
  `);

  script(pair, 'what fills a list', `
    A> BLPOP dst 0
    B> RPUSH src a b c
    B> RENAME src dst
    B> LRANGE dst 0 -1
    B> DEL dst
    A> BLPOP dst 0
    B> RPUSH src x y
    B> LMOVE src dst LEFT LEFT
    A> BLPOP dst 0
    B> RPOPLPUSH src dst
    A> BLPOP dst 0
    B> RPUSH src 3 1 2
    B> SORT src STORE dst
    B> LRANGE dst 0 -1
    B> DEL dst
    A> BLPOP dst 0
    B> COPY src dst
    B> DEL dst
    A> BLPOP dst 0
    B> SELECT 1
    B> RPUSH dst from-one
    B> MOVE dst 0
    B> SELECT 0
    A> BLPOP dst 0
    B> RESTORE dst 0 "\\x12\\x01\\x02\\t\\t\\x00\\x00\\x00\\x01\\x00\\x81a\\x02\\xff"
    B> LINSERT dst BEFORE a b
    B> LPUSHX dst v
    B> LPUSH dst v
  `);

  script(pair, 'chains of moves', `
    A> BLMOVE a b LEFT RIGHT 0
    B> BLMOVE b c LEFT RIGHT 0
    C> BLPOP c 0
    D> RPUSH a v
    D> EXISTS a b c
    A> BRPOPLPUSH a b 0
    D> SET b string
    D> RPUSH a v
    D> LRANGE a 0 -1
    D> GET b
    A> BLMOVE self self LEFT RIGHT 0
    D> RPUSH self 1 2
    D> LRANGE self 0 -1
    A> BLMPOP 0 2 p q LEFT COUNT 10
    D> RPUSH q 1 2 3
    D> LRANGE q 0 -1
    A> BLMPOP 0 2 p q RIGHT
    D> RPUSH p 1 2 3
    D> LRANGE p 0 -1
  `);

  script(pair, 'sorted sets', `
    A> BZPOPMIN z 0
    B> BZPOPMAX z 0
    C> ZADD z 1 a 2 b 3 c
    C> ZRANGE z 0 -1 WITHSCORES
    A> BZMPOP 0 2 z w MIN COUNT 5
    A> BZMPOP 0 2 z w MAX COUNT 2
    C> ZADD w 1 x 2 y 3 z
    C> ZRANGE w 0 -1
    A> BZPOPMIN u 0
    C> ZUNIONSTORE u 1 w
    connect D 3
    D> BZPOPMIN v 0
    C> ZINCRBY v 1.5 m
    D> BZMPOP 0 1 v MIN
    C> ZADD v 1 m 2 n
    D> BZPOPMAX v2 0
    C> ZRANGESTORE v2 w 0 -1
    C> ZADD v2 XX 1 none
    D> BZPOPMIN empty 0
    C> ZADD empty XX 1 m
    C> ZADD empty 7 m
  `);

  script(pair, 'pipelines wait behind a blocked command', `
    A> BLPOP k 0
    A> PING
    A> BLPOP k 0
    A> ECHO after
    B> RPUSH k 1
    B> RPUSH k 2
    A> BLPOP k 0
    close A
    B> RPUSH k 3
    B> LRANGE k 0 -1
    C> BLPOP j 0
    close C
    B> RPUSH j 1
    B> LRANGE j 0 -1
  `);

  script(pair, 'timeouts', `
    connect A 2
    connect B 3
    A> BLPOP k 0.4
    wait A
    A> BLMOVE k l LEFT LEFT 0.4
    wait A
    B> BLPOP k 0.4
    wait B
    B> BZPOPMIN k 0.4
    wait B
    B> BLMPOP 0.4 1 k LEFT
    wait B
    A> WAIT 1 400
    wait A
    A> PING
    A> BLPOP k 1000
    B> RPUSH k v
  `);
});
