// SORT and SORT_RO on our node and on a real server.
import { parity, parityFile } from './harness.js';

parityFile('SORT', (pair) => {
  parity(pair, 'numbers and text', String.raw`
    SORT missing
    SORT missing STORE dst
    RPUSH l 3 1 2 10 -5 2.5
    SORT l
    SORT l ASC
    SORT l DESC
    sort l desc asc
    SORT l LIMIT 0 2
    SORT l LIMIT 2 2
    SORT l LIMIT -1 2
    SORT l LIMIT 0 -1
    SORT l LIMIT 5 10
    SORT l LIMIT 6 10
    SORT l LIMIT 100 10
    SORT l LIMIT 0 0
    SORT l LIMIT 1 -5
    SORT l LIMIT 0 2 DESC
    SORT l LIMIT 0
    SORT l LIMIT
    SORT l LIMIT x 1
    SORT l LIMIT 0 y
    SORT l LIMIT 0 9223372036854775807
    SORT l LIMIT 9223372036854775807 1
    SORT l BAD
    SORT l BY
    SORT l GET
    SORT l STORE
    SORT l ALPHA
    SORT l ALPHA DESC
    RPUSH words banana apple cherry "" Apple 10 9
    SORT words
    SORT words ALPHA
    SORT words ALPHA DESC
    SORT words ALPHA LIMIT 1 3
    SORT words ALPHA LIMIT 1 3 DESC
    RPUSH odd " 5" 0x10 1e2 .5 5. -.5 +7 inf -inf
    SORT odd
    DEL odd
    RPUSH odd infinity -Infinity 0x1p3 0x.8 1E1
    SORT odd
    RPUSH bad1 "5 "
    SORT bad1
    RPUSH bad2 nan
    SORT bad2
    RPUSH bad5 abc 1
    SORT bad5
    SORT bad5 LIMIT 0 1
    RPUSH bad6 0x
    SORT bad6
    RPUSH bad7 --5
    SORT bad7
    RPUSH bad8 " "
    SORT bad8
    RPUSH nul "5\x00abc" 4
    SORT nul
    RPUSH same 1 1.0 01 1e0 +1
    SORT same
    SORT same DESC
    SADD set 3 1 2
    SORT set
    SORT set DESC LIMIT 0 1
    SADD sset c a b
    SORT sset ALPHA
    SORT sset
    ZADD z 3 1 2 2 1 3
    SORT z
    SORT z DESC
    OBJECT ENCODING z
    ZADD z2 5 a 4 b 3 c 3 ca
    SORT z2 ALPHA
    SORT z2 BY nosort
    SORT z2 BY nosort DESC
    SORT z2 BY nosort LIMIT 1 2
    SORT z2 BY nosort DESC LIMIT 1 2
    SORT z2 BY nosort LIMIT 10 2
    SORT l BY nosort
    SORT l BY nosort DESC
    SORT l BY nosort LIMIT 1 3
    SORT l BY nosort DESC LIMIT 1 3
    SORT l BY nosort LIMIT 0 -1 DESC
    SORT words BY ""
    SORT set BY nosort
    SET str x
    SORT str
    HSET h a b
    SORT h
    SORT str BAD
    SORT
    SORT_RO
    SORT_RO l
    SORT_RO l DESC LIMIT 0 2
    SORT_RO l STORE dst
    SORT_RO l BY w_*
    SORT_RO missing
    SORT_RO str
  `);

  parity(pair, 'patterns', String.raw`
    RPUSH ids 1 2 3 4
    MSET w_1 30 w_2 10 w_3 20
    MSET o_1 one o_2 two o_3 three
    SORT ids BY w_*
    SORT ids BY w_* DESC
    SORT ids BY w_* LIMIT 0 2
    SORT ids BY w_* GET o_*
    SORT ids BY w_* GET # GET o_*
    SORT ids BY w_* GET o_* GET # GET w_*
    SORT ids GET nothing
    SORT ids GET ""
    SORT ids GET *
    SORT ids BY missing_*
    SORT ids BY missing_* DESC
    SORT ids BY missing_* ALPHA
    SORT ids BY o_* ALPHA
    SORT ids BY o_* ALPHA DESC
    SORT ids BY o_*
    SORT ids BY w_* BY o_* ALPHA
    SORT ids BY # 
    SORT ids BY *
    HSET h_1 f 9 name first
    HSET h_2 f 8 name second
    HSET h_3 f 7
    SORT ids BY h_*->f
    SORT ids BY h_*->f GET h_*->name
    SORT ids BY h_*->f GET h_*->name GET #
    SORT ids BY h_*->missing
    SORT ids BY w_*->f
    SORT ids GET h_*
    SORT ids GET w_*->f
    SORT ids GET h_*->
    SORT ids GET h_*->f->x
    MSET x1y a x2y b
    SORT ids GET x*y
    SORT ids GET x**
    SET x-> v
    SORT ids GET h->*
    LPUSH lst_1 x
    SORT ids GET lst_*
    SORT ids BY lst_*
    SORT ids BY w_* LIMIT 1 2 GET # GET o_*
    SORT ids DESC GET # LIMIT 0 2
    SORT ids GET # GET # GET #
    SORT missing GET # BY w_*
    SADD sids 3 1 2
    SORT sids BY w_* GET o_*
    ZADD zids 1 3 2 1 3 2
    SORT zids BY w_*
    SORT zids BY nosort GET o_*
    SORT zids BY nosort GET # GET o_* DESC
    SET w_1 x
    SORT ids BY w_*
    SORT ids BY w_* ALPHA
    SORT ids BY w_* ALPHA DESC
    SORT_RO ids BY w_* ALPHA GET o_*
    SORT_RO ids GET # GET h_*->f
  `);

  parity(pair, 'STORE', String.raw`
    RPUSH l 3 1 2
    SORT l STORE dst
    LRANGE dst 0 -1
    TYPE dst
    SORT l DESC STORE dst
    LRANGE dst 0 -1
    SORT l LIMIT 10 10 STORE dst
    EXISTS dst
    SORT l LIMIT 10 10 STORE dst
    SET dst string
    EXPIRE dst 100
    SORT l STORE dst
    LRANGE dst 0 -1
    TTL dst
    SORT l STORE l
    LRANGE l 0 -1
    SORT missing STORE l
    EXISTS l
    RPUSH l b a c
    SORT l STORE dst
    SORT l ALPHA STORE dst
    LRANGE dst 0 -1
    SORT l ALPHA GET # GET x_* STORE dst
    LRANGE dst 0 -1
    SORT l STORE a ALPHA STORE b
    EXISTS a b
    SADD s z y x
    SORT s BY nosort STORE dst
    LRANGE dst 0 -1
    SORT s BY nosort DESC STORE dst
    LRANGE dst 0 -1
    SADD si 30 4 100
    SORT si BY nosort STORE dst
    LRANGE dst 0 -1
    SORT si BY nosort LIMIT 0 2 STORE dst
    LRANGE dst 0 -1
    ZADD z 2 a 1 b
    SORT z BY nosort STORE dst
    LRANGE dst 0 -1
    OBJECT ENCODING dst
    SORT l ALPHA STORE
    SORT h STORE
  `);

  // Last, and without anything after them: a range error stays in the real server's errno and makes later SORTs fail.
  parity(pair, 'numbers beyond a double', String.raw`
    RPUSH bad3 1e400
    SORT bad3
  `);
  parity(pair, 'numbers too small for a double', String.raw`
    RPUSH bad4 1e-400
    SORT bad4
  `);
});
