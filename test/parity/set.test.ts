// Sets on our node and on a real server: every command with good and bad arguments.
import { parity, parityFile } from './harness.js';

parityFile('set', (pair) => {
  parity(pair, 'members', String.raw`
    SADD s 1 2 3
    SADD s 3 4
    OBJECT ENCODING s
    ~ SMEMBERS s
    SADD s a
    OBJECT ENCODING s
    SCARD s
    SCARD none
    SISMEMBER s a
    SISMEMBER s z
    SISMEMBER none a
    SMISMEMBER s a z 1
    SMISMEMBER none a b
    SREM s a z
    SREM none a
    SREM s zz
    ~ SMEMBERS s
    ~ SMEMBERS none
    SMOVE s t 1
    SMOVE s t zz
    SMOVE none t 1
    SMOVE s s 2
    SMOVE s s zz
    ~ SMEMBERS t
    SREM t 1
    EXISTS t
    SADD only x
    SPOP only
    EXISTS only
    SPOP none
    SPOP none 3
    SPOP s 0
    SPOP s -1
    SPOP s x
    SPOP s 1 2
    ~ SPOP s 100
    EXISTS s
    SADD one m
    SRANDMEMBER one
    SRANDMEMBER one 5
    SRANDMEMBER one -3
    SRANDMEMBER one 0
    SRANDMEMBER one x
    SRANDMEMBER one 1 2
    SRANDMEMBER one -9223372036854775808
    SRANDMEMBER none
    SRANDMEMBER none 3
    SET str v
    SADD str a
    SREM str a
    SMEMBERS str
    SCARD str
    SISMEMBER str a
    SMISMEMBER str a
    SPOP str
    SPOP str 1
    SRANDMEMBER str
    SRANDMEMBER str 1
    SMOVE str one m
    SMOVE one str m
    SMOVE none str m
    SADD ints 9223372036854775807 -9223372036854775808 007
    OBJECT ENCODING ints
    DEBUG DIGEST-VALUE ints
  `);
  parity(pair, 'algebra', String.raw`
    SADD a 1 2 3 x y
    SADD b 2 3 y z
    SADD c 3 y
    ~ SINTER a b
    ~ SINTER a b c
    ~ SINTER a none
    ~ SINTER none
    ~ SUNION a b none
    ~ SDIFF a b
    ~ SDIFF a none
    ~ SDIFF none a
    ~ SDIFF a a
    SINTERSTORE d a b
    ~ SMEMBERS d
    SUNIONSTORE d a b c
    ~ SMEMBERS d
    SDIFFSTORE d a c
    ~ SMEMBERS d
    SINTERSTORE d a none
    EXISTS d
    SUNIONSTORE d none
    SDIFFSTORE a a b
    ~ SMEMBERS a
    SINTERCARD 2 a b
    SINTERCARD 2 b c
    SINTERCARD 2 b c LIMIT 1
    SINTERCARD 2 b c LIMIT 0
    SINTERCARD 2 b c LIMIT -1
    SINTERCARD 2 b c LIMIT x
    SINTERCARD 2 b c LIMIT
    SINTERCARD 2 b c BOGUS 1
    SINTERCARD 0 a
    SINTERCARD -1 a
    SINTERCARD x a
    SINTERCARD 3 a b
    SINTERCARD 1 none
    SET s v
    SINTER a s
    SINTER none s
    SUNION a s
    SDIFF a s
    SDIFF s a
    SINTERSTORE d a s
    SUNIONSTORE d s
    SINTERCARD 2 a s
    SADD i 1 2 3
    SADD j 2 3 4
    SINTERSTORE s i j
    OBJECT ENCODING s
    TYPE s
    SSCAN i 0
    SSCAN i 0 MATCH 9*
    SSCAN i 0 COUNT 0
    SSCAN none 0
    SSCAN i x
    SSCAN c 0 TYPE set
  `);
  parity(pair, 'wrong numbers of words', String.raw`
    SADD
    SADD k
    SADD a b c d e f g h
    SREM
    SREM k
    SREM a b c d e f g h
    SMEMBERS
    SMEMBERS k
    SMEMBERS a b c d e f g h
    SCARD
    SCARD k
    SCARD a b c d e f g h
    SISMEMBER
    SISMEMBER k
    SISMEMBER a b c d e f g h
    SMISMEMBER
    SMISMEMBER k
    SMISMEMBER a b c d e f g h
    SMOVE
    SMOVE k
    SMOVE a b c d e f g h
    SINTERCARD
    SINTERCARD k
    SINTERCARD a b c d e f g h
    SINTERSTORE
    SINTERSTORE k
    SINTERSTORE a b c d e f g h
    SDIFFSTORE
    SDIFFSTORE k
    SDIFFSTORE a b c d e f g h
    SUNIONSTORE
    SUNIONSTORE k
    SUNIONSTORE a b c d e f g h
  `);
});
