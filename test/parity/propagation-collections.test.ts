// What commands on lists, hashes, sets and sorted sets send to replicas.
import { propagationFile } from './propagation.js';

propagationFile('collections', (sameStream) => {
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
});
