// Hashes on our node and on a real server: every command with good and bad arguments.
import { parity, parityFile } from './harness.js';

parityFile('hash', (pair) => {
  parity(pair, 'fields', String.raw`
    HSET h a 1
    HSET h a 2 b 3 c 4
    HSET h a
    HSET h a 1 b
    HMSET h d 5
    HMSET h d
    HGET h a
    HGET h none
    HGET none a
    HMGET h a none b
    HMGET none a b
    HEXISTS h a
    HEXISTS h none
    HEXISTS none a
    HLEN h
    HLEN none
    HSTRLEN h a
    HSTRLEN h none
    HSTRLEN none a
    HSETNX h a x
    HSETNX h new x
    HGETALL h
    HKEYS h
    HVALS h
    HGETALL none
    HKEYS none
    HVALS none
    HDEL h a none
    HDEL h none
    HDEL none a
    HDEL h b c d new
    EXISTS h
    HSET bin "" "\x00\r\n\xff" "\x00" ""
    HGETALL bin
    OBJECT ENCODING bin
    HSET big f aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa
    OBJECT ENCODING big
    HSET big f a
    OBJECT ENCODING big
    SET s v
    HSET s a b
    HGET s a
    HMGET s a
    HGETALL s
    HDEL s a
    HSETNX s a b
    HEXISTS s a
    HLEN s
    HSTRLEN s a
    HKEYS s
    HVALS s
  `);
  parity(pair, 'counting', String.raw`
    HINCRBY h n 5
    HINCRBY h n -10
    HINCRBY h n 9223372036854775807
    HINCRBY h n 9223372036854775807
    HINCRBY h n x
    HINCRBY h n 1.5
    HINCRBY h n 9223372036854775808
    HSET h t text f 1.5 sp " 1" e ""
    HINCRBY h t 1
    HINCRBY h f 1
    HINCRBY h sp 1
    HINCRBY h e 1
    HINCRBYFLOAT h f 0.1
    HINCRBYFLOAT h f -1.6
    HINCRBYFLOAT h f 5e3
    HINCRBYFLOAT h f x
    HINCRBYFLOAT h f nan
    HINCRBYFLOAT h f inf
    HINCRBYFLOAT h f -inf
    HINCRBYFLOAT h t 1
    HINCRBYFLOAT h sp 1
    HINCRBYFLOAT h new 3.0e-5
    HINCRBYFLOAT h n 1
    HGETALL h
    HINCRBYFLOAT fresh n x
    EXISTS fresh
    HINCRBY fresh n x
    EXISTS fresh
    SET s v
    HINCRBY s a 1
    HINCRBYFLOAT s a 1
  `);
  parity(pair, 'random fields and HSCAN', String.raw`
    HSET h a 1
    HRANDFIELD h
    HRANDFIELD h 1
    HRANDFIELD h 5
    HRANDFIELD h -3
    HRANDFIELD h 0
    HRANDFIELD h 1 WITHVALUES
    HRANDFIELD h -2 WITHVALUES
    HRANDFIELD h 1 BOGUS
    HRANDFIELD h 1 WITHVALUES x
    HRANDFIELD h x
    HRANDFIELD h 9223372036854775807
    HRANDFIELD h -9223372036854775808
    HRANDFIELD h 9223372036854775807 WITHVALUES
    HRANDFIELD none
    HRANDFIELD none 2
    HRANDFIELD none 2 WITHVALUES
    HSCAN h 0
    HSCAN h 0 MATCH a*
    HSCAN h 0 MATCH z*
    HSCAN h 0 COUNT 100
    HSCAN h 0 COUNT 0
    HSCAN h 0 COUNT x
    HSCAN h 0 COUNT
    HSCAN h 0 BOGUS 1
    HSCAN h 0 TYPE hash
    HSCAN h x
    HSCAN h 7
    HSCAN none 0
    HSCAN none 0 BOGUS
    SET s v
    HSCAN s 0
    HRANDFIELD s
    HRANDFIELD s 2
  `);
  parity(pair, 'wrong numbers of words', String.raw`
    HSET
    HSET k
    HSET a b c d e f g h
    HGET
    HGET k
    HGET a b c d e f g h
    HMGET
    HMGET k
    HMGET a b c d e f g h
    HDEL
    HDEL k
    HDEL a b c d e f g h
    HLEN
    HLEN k
    HLEN a b c d e f g h
    HEXISTS
    HEXISTS k
    HEXISTS a b c d e f g h
    HINCRBY
    HINCRBY k
    HINCRBY a b c d e f g h
    HINCRBYFLOAT
    HINCRBYFLOAT k
    HINCRBYFLOAT a b c d e f g h
    HKEYS
    HKEYS k
    HKEYS a b c d e f g h
    HVALS
    HVALS k
    HVALS a b c d e f g h
    HGETALL
    HGETALL k
    HGETALL a b c d e f g h
    HSETNX
    HSETNX k
    HSETNX a b c d e f g h
    HSTRLEN
    HSTRLEN k
    HSTRLEN a b c d e f g h
    HMSET
    HMSET k
    HMSET a b c d e f g h
  `);
});
