// Strings on our node and on a real server: values, options of SET and GETEX, parts of strings.
import { parity, parityFile } from './harness.js';

parityFile('strings', (pair) => {
  parity(pair, 'GET and SET', String.raw`
    GET missing
    SET k v
    GET k
    get K
    SeT k "\x00\xff\r\n"
    GET k
    STRLEN k
    SET k ""
    GET k
    STRLEN k
    SET "" empty-key
    GET ""
    SET "a b" "c d"
    GET "a b"
    SET k 10
    GET k
    OBJECT ENCODING k
    SET k 010
    OBJECT ENCODING k
    GET k
    SET k -0
    OBJECT ENCODING k
    SET k 9007199254740991
    OBJECT ENCODING k
    SET k 9007199254740993
    OBJECT ENCODING k
    GET k
    SET k 9223372036854775807
    OBJECT ENCODING k
    SET k 9223372036854775808
    OBJECT ENCODING k
    SET k -9223372036854775808
    OBJECT ENCODING k
    SET k " 5"
    OBJECT ENCODING k
    SET k +5
    OBJECT ENCODING k
    SET k {{x*44}}
    OBJECT ENCODING k
    SET k {{x*45}}
    OBJECT ENCODING k
    STRLEN k
    GET
    GET a b
    SET k
    SET
    SET k v x
    SET k v nx xx
    SET k v xx nx
    SET k v nx nx
    STRLEN
    STRLEN missing
    LPUSH list a
    GET list
    STRLEN list
    SET list now-a-string
    GET list
    TYPE list
  `);

  parity(pair, 'SET options', String.raw`
    SET k v NX
    SET k w NX
    GET k
    SET k x XX
    SET missing x XX
    EXISTS missing
    SET k v GET
    SET new v GET
    SET new2 v NX GET
    SET new2 w NX GET
    GET new2
    SET new3 v XX GET
    EXISTS new3
    SET new2 z XX GET
    GET new2
    LPUSH l a
    SET l v GET
    TYPE l
    SET l v NX GET
    SET k v EX 100
    TTL k
    SET k v KEEPTTL
    TTL k
    SET k v
    TTL k
    SET k v PX 100000
    TTL k
    SET k v EXAT 99999999999
    EXPIRETIME k
    SET k v PXAT 99999999999000
    PEXPIRETIME k
    SET k v EX 0
    SET k v EX -1
    SET k v PX 0
    SET k v PX -5
    SET k v EXAT 0
    SET k v PXAT -1
    SET k v EX abc
    SET k v EX 1.5
    SET k v EX ""
    SET k v EX 9223372036854775807
    SET k v EX 9223372036854775808
    SET k v EX 9223372036854775
    SET k v EX 9223372036854776
    SET k v PX 9223372036854775807
    SET k v EX
    SET k v PX
    SET k v EX 10 PX 10
    SET k v EX 10 EX 20
    SET k v EX 10 KEEPTTL
    SET k v KEEPTTL EX 10
    SET k v KEEPTTL KEEPTTL
    SET k v PXAT 1000 NX
    SET gone v PXAT 1000
    EXISTS gone
    GET gone
    SET gone v EXAT 1
    GET gone
    SET k v NX EX 10 GET
    SET k2 v XX EX 10
    SET k2 v EX 10 NX
    TTL k2
    SET k2 v get ex 50 xx
    TTL k2
    SET k v PERSIST
    SET k v nx get xx
    SET k v EX 10 junk
    SET l v GET GET
    GET l
  `);

  parity(pair, 'GETSET, GETDEL, GETEX, SETNX, SETEX', String.raw`
    GETSET k v
    GETSET k w
    GET k
    EXPIRE k 100
    GETSET k x
    TTL k
    GETSET k
    LPUSH l a
    GETSET l v
    GETDEL k
    GETDEL k
    GETDEL l
    EXISTS l
    GETDEL
    SETNX n 1
    SETNX n 2
    GET n
    SETNX l 2
    SETNX n
    SETEX e 100 v
    TTL e
    GET e
    SETEX e 0 v
    SETEX e -1 v
    SETEX e x v
    SETEX e 10
    SETEX e 9223372036854775807 v
    PSETEX e 100000 v
    TTL e
    PSETEX e 0 v
    PSETEX e -1 v
    PSETEX e x v
    SETEX l 10 v
    TYPE l
    LPUSH l2 a
    GETEX missing
    GETEX e
    TTL e
    GETEX e PERSIST
    TTL e
    GETEX e EX 100
    TTL e
    GETEX e PX 200000
    TTL e
    GETEX e EXAT 99999999999
    EXPIRETIME e
    GETEX e PXAT 99999999999000
    PEXPIRETIME e
    GETEX e EX 0
    GETEX e EX -1
    GETEX e EX abc
    GETEX e EX
    GETEX e EX 10 PERSIST
    GETEX e PERSIST EX 10
    GETEX e PERSIST PERSIST
    GETEX e KEEPTTL
    GETEX e NX
    GETEX e EX 10 PX 10
    GETEX l2
    GETEX l2 EX 10
    GETEX missing EX 0
    GETEX missing EX abc
    GETEX missing BAD
    GETEX e PXAT 1
    EXISTS e
    GETEX
  `);

  parity(pair, 'many keys at once', String.raw`
    MSET a 1 b 2 c 3
    MGET a b c d
    MSET a 10 a 11
    GET a
    MSET a
    MSET a 1 b
    MSET
    MGET
    MGET missing
    LPUSH l x
    MGET a l b
    MSET l 1
    TYPE l
    MSETNX x 1 y 2
    MGET x y
    MSETNX y 3 z 4
    MGET y z
    MSETNX p 1 p 2
    GET p
    MSETNX a
    MSETNX a 1 b
    MSETNX
    EXPIRE x 100
    MSET x 9
    TTL x
    MGET a a a
    MSET k1 "" k2 "\x00"
    MGET k1 k2
  `);

  parity(pair, 'APPEND, GETRANGE, SETRANGE', String.raw`
    APPEND a Hello
    OBJECT ENCODING a
    APPEND a " World"
    OBJECT ENCODING a
    GET a
    APPEND a ""
    STRLEN a
    APPEND n 10
    OBJECT ENCODING n
    APPEND n 5
    OBJECT ENCODING n
    GET n
    APPEND e ""
    EXISTS e
    GET e
    LPUSH l x
    APPEND l x
    APPEND l
    GETRANGE a 0 4
    GETRANGE a 0 -1
    GETRANGE a -5 -1
    GETRANGE a -5 -10
    GETRANGE a -100 3
    GETRANGE a 3 1
    GETRANGE a 0 100
    GETRANGE a 100 200
    GETRANGE a -1 -1
    GETRANGE a 0 0
    GETRANGE a -100 -100
    GETRANGE a 2 -100
    GETRANGE missing 0 -1
    GETRANGE missing x -1
    GETRANGE l 0 -1
    GETRANGE a x 1
    GETRANGE a 1 y
    GETRANGE a 0 9223372036854775807
    GETRANGE a -9223372036854775808 9223372036854775807
    GETRANGE a 0
    SUBSTR a 0 2
    SUBSTR a
    SET num 12345
    GETRANGE num 1 3
    SETRANGE a 6 Redis
    GET a
    SETRANGE a 20 x
    GET a
    STRLEN a
    SETRANGE new 3 abc
    GET new
    OBJECT ENCODING new
    SETRANGE none 0 ""
    EXISTS none
    SETRANGE none 5 ""
    SETRANGE a 5 ""
    SETRANGE a -1 x
    SETRANGE a x x
    SETRANGE a 536870911 xx
    SETRANGE a 536870912 x
    SETRANGE a 9223372036854775807 x
    SETRANGE l 0 x
    SETRANGE l 0 ""
    SETRANGE num 0 9
    GET num
    OBJECT ENCODING num
    SETRANGE a 1
    EXPIRE a 100
    SETRANGE a 0 J
    APPEND a !
    TTL a
  `);

  parity(pair, 'LCS', String.raw`
    MSET a ohmytext b mynewtext
    LCS a b
    LCS a b LEN
    LCS a b IDX
    LCS a b IDX MINMATCHLEN 4
    LCS a b IDX MINMATCHLEN 4 WITHMATCHLEN
    LCS a b IDX WITHMATCHLEN
    LCS a b MINMATCHLEN 4
    LCS a b LEN IDX
    LCS a b WITHMATCHLEN
    LCS a missing
    LCS a missing LEN
    LCS a missing IDX
    LCS missing missing2
    LCS a b MINMATCHLEN
    LCS a b MINMATCHLEN x
    LCS a b MINMATCHLEN -1 IDX
    LCS a b BAD
    LCS a
    LPUSH l x
    LCS a l
    LCS l a LEN
    SET n 12345
    LCS n n
    SET c ""
    LCS c a
    MSET x aaaa y aaaa
    LCS x y IDX
    MSET x abcbdab y bdcaba
    LCS x y
    LCS x y IDX WITHMATCHLEN
  `);
});
