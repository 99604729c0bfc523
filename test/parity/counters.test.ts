// Counters on our node and on a real server: INCR and its family, INCRBYFLOAT.
import { parity, parityFile } from './harness.js';

parityFile('counters', (pair) => {
  parity(pair, 'counters', String.raw`
    INCR n
    INCR n
    DECR n
    DECRBY n 10
    INCRBY n 100
    GET n
    OBJECT ENCODING n
    INCRBY n -200
    INCRBY n 0
    INCRBY n x
    INCRBY n 1.5
    INCRBY n ""
    INCRBY n " 1"
    INCRBY n 01
    INCRBY n +1
    INCRBY n 9223372036854775808
    INCRBY n 9223372036854775807
    SET big 9223372036854775807
    INCR big
    GET big
    DECR big
    INCR big
    SET small -9223372036854775808
    DECR small
    DECRBY small 1
    DECRBY small -9223372036854775808
    INCR small
    DECRBY n -9223372036854775808
    DECRBY n 9223372036854775807
    INCRBY n -9223372036854775808
    SET s abc
    INCR s
    DECR s
    INCRBY s 5
    SET s "12 "
    INCR s
    SET s ""
    INCR s
    SET s 1.0
    INCR s
    SET f 9007199254740992
    INCR f
    INCRBY f 9007199254740992
    GET f
    OBJECT ENCODING f
    DECRBY f 18014398509481985
    GET f
    LPUSH l a
    INCR l
    DECRBY l 1
    INCRBYFLOAT l 1
    INCR
    INCR a b
    INCRBY a
    DECRBY a b c
    EXPIRE n 100
    INCR n
    TTL n
    SET q 5
    APPEND q 5
    INCR q
    OBJECT ENCODING q
  `);

  parity(pair, 'INCRBYFLOAT', String.raw`
    INCRBYFLOAT f 0.1
    INCRBYFLOAT f 0.2
    GET f
    INCRBYFLOAT f -0.3
    INCRBYFLOAT f 5
    INCRBYFLOAT f 5.0e3
    INCRBYFLOAT f 1e-5
    GET f
    SET f 3.0
    INCRBYFLOAT f 1
    OBJECT ENCODING f
    SET f 10
    INCRBYFLOAT f 0
    OBJECT ENCODING f
    INCRBYFLOAT f abc
    INCRBYFLOAT f ""
    INCRBYFLOAT f " 1"
    INCRBYFLOAT f "1 "
    INCRBYFLOAT f inf
    INCRBYFLOAT f -inf
    INCRBYFLOAT f nan
    INCRBYFLOAT f 0x10
    INCRBYFLOAT f 1e400
    SET g 1e308
    INCRBYFLOAT g 1e308
    SET g abc
    INCRBYFLOAT g 1
    SET g " 1"
    INCRBYFLOAT g 1
    SET g 17179869184
    INCRBYFLOAT g 1.5
    SET g 1
    INCRBYFLOAT g 1000000000000000000000
    INCRBYFLOAT g 0.1
    SET g 0.00000000000000001
    INCRBYFLOAT g 0
    SET g -0
    INCRBYFLOAT g 0
    SET g 5
    INCRBYFLOAT g -5
    SET g 1.7976931348623157e308
    INCRBYFLOAT g 0
    INCRBYFLOAT h 3.14159265358979323846
    INCRBYFLOAT h 2.71828182845904523536
    INCRBYFLOAT
    INCRBYFLOAT h
    EXPIRE h 100
    INCRBYFLOAT h 1
    TTL h
  `);
});
