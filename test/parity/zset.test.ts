// Sorted sets on our node and on a real server: every command with good and bad arguments.
import { parity, parityFile } from './harness.js';

parityFile('zset', (pair) => {
  parity(pair, 'members', String.raw`
    ZADD z 1 a
    ZADD z 2 b 3 c
    ZADD z 1.5 a
    ZADD z CH 5 a 6 new
    ZADD z NX 9 a 9 nn
    ZADD z XX 7 a 7 zz
    ZADD z GT 1 a
    ZADD z LT 1 a
    ZADD z GT CH 100 a
    ZADD z INCR 2 a
    ZADD z XX INCR 2 none
    ZADD z NX INCR 2 a
    ZADD z GT INCR -5 a
    ZADD z NX XX 1 a
    ZADD z GT LT 1 a
    ZADD z NX GT 1 a
    ZADD z INCR 1 a 2 b
    ZADD z 1
    ZADD z 1 a 2
    ZADD z x a
    ZADD z nan a
    ZADD z inf pi
    ZADD z -inf ni
    ZADD z +inf pi2
    ZADD z 1e400 h
    ZADD z 0x10 hex
    ZADD z " 1" sp
    ZADD z "" sp
    ZADD z INCR -inf pi
    ZADD none XX 1 a
    ZADD none XX INCR 1 a
    EXISTS none
    ZSCORE z a
    ZSCORE z ni
    ZSCORE z none
    ZSCORE none a
    ZMSCORE z a none b
    ZMSCORE none a
    ZINCRBY z 0.1 b
    ZINCRBY z x b
    ZINCRBY z nan b
    ZINCRBY z -inf pi
    ZINCRBY z 1e17 b
    ZCARD z
    ZCARD none
    ZRANK z a
    ZRANK z none
    ZREVRANK z a
    ZREVRANK z none
    ZRANK none a
    ZREM z a none
    ZREM none a
    ZRANGE z 0 -1 WITHSCORES
    ZADD f 0.1 a 3 b 1e17 c 1.7976931348623157e308 d 5e-324 e -0 g
    ZRANGE f 0 -1 WITHSCORES
    ZSCAN f 0
    OBJECT ENCODING f
    ZADD f 1 aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa
    OBJECT ENCODING f
    ZRANGE f 0 -1 WITHSCORES
    SET s v
    ZADD s 1 a
    ZSCORE s a
    ZRANK s a
    ZCARD s
    ZINCRBY s 1 a
    ZREM s a
    ZMSCORE s a
  `);
  parity(pair, 'ranges', String.raw`
    ZADD z 1 a 2 b 3 c 4 d 5 e
    ZADD lex 0 a 0 b 0 c 0 d 0 e
    ZRANGE z 0 -1
    ZRANGE z 1 3
    ZRANGE z -2 -1
    ZRANGE z 5 1
    ZRANGE z 0 -1 WITHSCORES
    ZRANGE z 0 100
    ZRANGE z x 1
    ZRANGE z 0 -1 BOGUS
    ZRANGE z 0 -1 LIMIT 0 1
    ZRANGE z 0 -1 BYSCORE
    ZRANGE z 0 -1 LIMIT 0 -1
    ZREVRANGE z 0 -1
    ZREVRANGE z 1 3
    ZREVRANGE z -2 -1
    ZREVRANGE z 5 1
    ZREVRANGE z 0 -1 WITHSCORES
    ZREVRANGE z 0 100
    ZREVRANGE z x 1
    ZREVRANGE z 0 -1 BOGUS
    ZREVRANGE z 0 -1 LIMIT 0 1
    ZREVRANGE z 0 -1 BYSCORE
    ZREVRANGE z 0 -1 LIMIT 0 -1
    ZRANGEBYSCORE z -inf +inf
    ZRANGEBYSCORE z +inf -inf
    ZRANGEBYSCORE z 1 3
    ZRANGEBYSCORE z 3 1
    ZRANGEBYSCORE z (1 3
    ZRANGEBYSCORE z (3 1
    ZRANGEBYSCORE z (1 (3
    ZRANGEBYSCORE z 2 (2
    ZRANGEBYSCORE z -inf +inf WITHSCORES
    ZRANGEBYSCORE z -inf +inf LIMIT 1 2
    ZRANGEBYSCORE z +inf -inf LIMIT 1 2 WITHSCORES
    ZRANGEBYSCORE z -inf +inf LIMIT 0 0
    ZRANGEBYSCORE z +inf -inf LIMIT 0 -1
    ZRANGEBYSCORE z -inf +inf LIMIT -1 2
    ZRANGEBYSCORE z +inf -inf LIMIT x 1
    ZRANGEBYSCORE z -inf +inf LIMIT 1
    ZRANGEBYSCORE z x 1
    ZRANGEBYSCORE z 1 y
    ZRANGEBYSCORE z (x 1
    ZRANGEBYSCORE z nan 1
    ZRANGEBYSCORE z -inf +inf BOGUS
    ZRANGEBYSCORE z -inf +inf BYSCORE
    ZREVRANGEBYSCORE z -inf +inf
    ZREVRANGEBYSCORE z +inf -inf
    ZREVRANGEBYSCORE z 1 3
    ZREVRANGEBYSCORE z 3 1
    ZREVRANGEBYSCORE z (1 3
    ZREVRANGEBYSCORE z (3 1
    ZREVRANGEBYSCORE z (1 (3
    ZREVRANGEBYSCORE z 2 (2
    ZREVRANGEBYSCORE z -inf +inf WITHSCORES
    ZREVRANGEBYSCORE z -inf +inf LIMIT 1 2
    ZREVRANGEBYSCORE z +inf -inf LIMIT 1 2 WITHSCORES
    ZREVRANGEBYSCORE z -inf +inf LIMIT 0 0
    ZREVRANGEBYSCORE z +inf -inf LIMIT 0 -1
    ZREVRANGEBYSCORE z -inf +inf LIMIT -1 2
    ZREVRANGEBYSCORE z +inf -inf LIMIT x 1
    ZREVRANGEBYSCORE z -inf +inf LIMIT 1
    ZREVRANGEBYSCORE z x 1
    ZREVRANGEBYSCORE z 1 y
    ZREVRANGEBYSCORE z (x 1
    ZREVRANGEBYSCORE z nan 1
    ZREVRANGEBYSCORE z -inf +inf BOGUS
    ZREVRANGEBYSCORE z -inf +inf BYSCORE
    ZRANGE z 1 3 BYSCORE
    ZRANGESTORE dst z 1 3 BYSCORE
    ZRANGE dst 0 -1 WITHSCORES
    ZRANGE z (1 +inf BYSCORE WITHSCORES
    ZRANGESTORE dst z (1 +inf BYSCORE WITHSCORES
    ZRANGE dst 0 -1 WITHSCORES
    ZRANGE z 3 1 BYSCORE REV
    ZRANGESTORE dst z 3 1 BYSCORE REV
    ZRANGE dst 0 -1 WITHSCORES
    ZRANGE z +inf -inf BYSCORE REV LIMIT 1 2
    ZRANGESTORE dst z +inf -inf BYSCORE REV LIMIT 1 2
    ZRANGE dst 0 -1 WITHSCORES
    ZRANGE z - + BYLEX
    ZRANGESTORE dst z - + BYLEX
    ZRANGE dst 0 -1 WITHSCORES
    ZRANGE z + - BYLEX REV
    ZRANGESTORE dst z + - BYLEX REV
    ZRANGE dst 0 -1 WITHSCORES
    ZRANGE z [b [d BYLEX
    ZRANGESTORE dst z [b [d BYLEX
    ZRANGE dst 0 -1 WITHSCORES
    ZRANGE z [b (d BYLEX LIMIT 0 1
    ZRANGESTORE dst z [b (d BYLEX LIMIT 0 1
    ZRANGE dst 0 -1 WITHSCORES
    ZRANGE z - + BYLEX WITHSCORES
    ZRANGESTORE dst z - + BYLEX WITHSCORES
    ZRANGE dst 0 -1 WITHSCORES
    ZRANGE z 0 1 REV
    ZRANGESTORE dst z 0 1 REV
    ZRANGE dst 0 -1 WITHSCORES
    ZRANGE z 0 1 REV WITHSCORES
    ZRANGESTORE dst z 0 1 REV WITHSCORES
    ZRANGE dst 0 -1 WITHSCORES
    ZRANGE z 0 1 BYLEX
    ZRANGESTORE dst z 0 1 BYLEX
    ZRANGE dst 0 -1 WITHSCORES
    ZRANGE z x y BYLEX
    ZRANGESTORE dst z x y BYLEX
    ZRANGE dst 0 -1 WITHSCORES
    ZRANGE z 1 3 BYSCORE BYLEX
    ZRANGESTORE dst z 1 3 BYSCORE BYLEX
    ZRANGE dst 0 -1 WITHSCORES
    ZRANGE z 1 3 REV REV
    ZRANGESTORE dst z 1 3 REV REV
    ZRANGE dst 0 -1 WITHSCORES
    ZRANGEBYLEX lex - +
    ZRANGEBYLEX lex + -
    ZRANGEBYLEX lex [b [d
    ZRANGEBYLEX lex [d [b
    ZRANGEBYLEX lex (b (d
    ZRANGEBYLEX lex (d (b
    ZRANGEBYLEX lex [b +
    ZRANGEBYLEX lex + [b
    ZRANGEBYLEX lex b d
    ZRANGEBYLEX lex - + LIMIT 1 2
    ZRANGEBYLEX lex + - LIMIT 1 2
    ZRANGEBYLEX lex - + WITHSCORES
    ZRANGEBYLEX lex [ +
    ZRANGEBYLEX lex ( +
    ZREVRANGEBYLEX lex - +
    ZREVRANGEBYLEX lex + -
    ZREVRANGEBYLEX lex [b [d
    ZREVRANGEBYLEX lex [d [b
    ZREVRANGEBYLEX lex (b (d
    ZREVRANGEBYLEX lex (d (b
    ZREVRANGEBYLEX lex [b +
    ZREVRANGEBYLEX lex + [b
    ZREVRANGEBYLEX lex b d
    ZREVRANGEBYLEX lex - + LIMIT 1 2
    ZREVRANGEBYLEX lex + - LIMIT 1 2
    ZREVRANGEBYLEX lex - + WITHSCORES
    ZREVRANGEBYLEX lex [ +
    ZREVRANGEBYLEX lex ( +
    ZLEXCOUNT lex - +
    ZLEXCOUNT lex [b [d
    ZLEXCOUNT lex (b (d
    ZLEXCOUNT lex + -
    ZLEXCOUNT lex x y
    ZCOUNT z -inf +inf
    ZCOUNT z 1 3
    ZCOUNT z (1 3
    ZCOUNT z (1 (3
    ZCOUNT z 3 1
    ZCOUNT z x 1
    ZCOUNT z 1 (x
    ZRANGE none 0 -1
    ZRANGEBYSCORE none 0 1
    ZRANGESTORE dst none 0 -1
    EXISTS dst
    ZREMRANGEBYRANK z 0 0
    ZREMRANGEBYRANK z x 0
    ZREMRANGEBYRANK none 0 1
    ZREMRANGEBYSCORE z (2 3
    ZREMRANGEBYSCORE z x 3
    ZREMRANGEBYLEX lex [b (d
    ZREMRANGEBYLEX lex b d
    ZRANGE z 0 -1
    ZRANGE lex 0 -1
    ZREMRANGEBYRANK z 0 -1
    EXISTS z
    SET s v
    ZRANGE s 0 -1
    ZRANGEBYSCORE s 0 1
    ZRANGEBYLEX s - +
    ZCOUNT s 0 1
    ZLEXCOUNT s - +
    ZREMRANGEBYRANK s 0 1
    ZRANGESTORE dst s 0 1
  `);
  parity(pair, 'popping', String.raw`
    ZADD z 1 a 2 b 3 c 4 d 5 e 6 f
    ZPOPMIN z
    ZPOPMAX z
    ZPOPMIN z 2
    ZPOPMAX z 0
    ZPOPMIN z -1
    ZPOPMIN z x
    ZPOPMIN z 1 2
    ZPOPMIN none
    ZPOPMAX none 3
    ZPOPMAX z 100
    EXISTS z
    ZADD z 1 a 2 b 3 c
    ZMPOP 1 z MIN
    ZMPOP 2 none z MAX COUNT 5
    ZMPOP 1 none MIN
    ZMPOP 0 z MIN
    ZMPOP x z MIN
    ZMPOP 1 z MID
    ZMPOP 1 z MIN COUNT 0
    ZMPOP 1 z MIN COUNT x
    ZMPOP 1 z MIN COUNT 1 COUNT 1
    ZMPOP 5 z MIN
    ZADD z 1 a
    BZPOPMIN z 0
    ZADD z 1 a
    BZPOPMAX none z 0
    BZPOPMIN z -1
    BZPOPMIN z x
    ZADD z 1 a 2 b
    BZMPOP 0 2 none z MIN COUNT 2
    BZMPOP -1 1 z MIN
    BZMPOP 0 0 z MIN
    SET s v
    ZPOPMIN s
    ZPOPMIN s 0
    ZMPOP 1 s MIN
    BZPOPMIN s 0
  `);
  parity(pair, 'algebra and random', String.raw`
    ZADD a 1 x 2 y 3 z
    ZADD b 10 y 20 z 30 w
    SADD p x w
    ZUNION 2 a b
    ZUNION 2 a b WITHSCORES
    ZUNION 2 a b WEIGHTS 2 3 WITHSCORES
    ZUNION 2 a b AGGREGATE MIN WITHSCORES
    ZUNION 2 a b AGGREGATE MAX WITHSCORES
    ZUNION 2 a b WEIGHTS 2 0.5 AGGREGATE SUM WITHSCORES
    ZUNION 2 a p WITHSCORES
    ZINTER 2 a b WITHSCORES
    ZINTER 2 a p WITHSCORES
    ZINTER 2 a none
    ZINTER 1 a WEIGHTS 3 WITHSCORES
    ZDIFF 2 a b WITHSCORES
    ZDIFF 2 none a
    ZDIFF 2 a p
    ZDIFF 2 a b WEIGHTS 1 2
    ZUNIONSTORE d 2 a b
    ZRANGE d 0 -1 WITHSCORES
    ZINTERSTORE d 2 a b WEIGHTS inf 0
    ZRANGE d 0 -1 WITHSCORES
    ZDIFFSTORE d 2 a b
    ZRANGE d 0 -1 WITHSCORES
    ZINTERSTORE d 2 a none
    EXISTS d
    ZUNIONSTORE d 2 a b WITHSCORES
    ZUNION 0 a
    ZUNION x a
    ZUNION 3 a b
    ZINTERSTORE d 0 a
    ZDIFFSTORE d -1 a
    ZUNION 2 a b WEIGHTS 1
    ZUNION 2 a b WEIGHTS 1 x
    ZUNION 2 a b AGGREGATE AVG
    ZUNION 2 a b AGGREGATE
    ZUNION 2 a b BOGUS
    ZINTERCARD 2 a b
    ZINTERCARD 2 a b LIMIT 1
    ZINTERCARD 2 a b LIMIT -1
    ZINTERCARD 2 a b WITHSCORES
    ZINTERCARD 0 a
    SET s v
    ZUNION 2 a s
    ZINTER 2 none s
    ZDIFF 2 a s
    ZUNIONSTORE d 1 s
    ZADD one 1 m
    ZRANDMEMBER one
    ZRANDMEMBER one 3
    ZRANDMEMBER one -2
    ZRANDMEMBER one 1 WITHSCORES
    ZRANDMEMBER one -2 WITHSCORES
    ZRANDMEMBER one 1 BOGUS
    ZRANDMEMBER one x
    ZRANDMEMBER none
    ZRANDMEMBER none 1
    ZRANDMEMBER one 9223372036854775807 WITHSCORES
    ZSCAN a 0
    ZSCAN a 0 MATCH x*
    ZSCAN none 0
    ZSCAN s 0
  `);
  parity(pair, 'wrong numbers of words', String.raw`
    ZADD
    ZADD k
    ZADD a b c d e f g h
    ZREM
    ZREM k
    ZREM a b c d e f g h
    ZCARD
    ZCARD k
    ZCARD a b c d e f g h
    ZSCORE
    ZSCORE k
    ZSCORE a b c d e f g h
    ZINCRBY
    ZINCRBY k
    ZINCRBY a b c d e f g h
    ZRANK
    ZRANK k
    ZRANK a b c d e f g h
    ZCOUNT
    ZCOUNT k
    ZCOUNT a b c d e f g h
    ZLEXCOUNT
    ZLEXCOUNT k
    ZLEXCOUNT a b c d e f g h
    ZREMRANGEBYRANK
    ZREMRANGEBYRANK k
    ZREMRANGEBYRANK a b c d e f g h
    ZREMRANGEBYSCORE
    ZREMRANGEBYSCORE k
    ZREMRANGEBYSCORE a b c d e f g h
    ZREMRANGEBYLEX
    ZREMRANGEBYLEX k
    ZREMRANGEBYLEX a b c d e f g h
    ZRANGESTORE
    ZRANGESTORE k
    ZRANGESTORE a b c d e f g h
  `);
});
