// Generic commands on our node and on a real server: names, types, SCAN, OBJECT.
import { parity, parityFile } from './harness.js';

parityFile('generic commands', (pair) => {
  parity(pair, 'DEL, UNLINK, EXISTS, TOUCH, TYPE', String.raw`
    DEL missing
    SET a 1
    SET b 2
    DEL a b c
    DEL a
    MSET a 1 b 2 c 3
    UNLINK a b zz
    UNLINK c c
    EXISTS a
    SET a 1
    EXISTS a
    EXISTS a a a b
    TOUCH a b a
    TOUCH missing
    DEL
    UNLINK
    EXISTS
    TOUCH
    TYPE
    TYPE a
    TYPE missing
    LPUSH l x
    TYPE l
    SADD s x
    TYPE s
    HSET h f v
    TYPE h
    ZADD z 1 m
    TYPE z
    TYPE a b
    DEL l s h z a
    EXISTS l s h z a
    DBSIZE
    SET "" x
    EXISTS ""
    TYPE ""
    DEL ""
    SET "k\x00\xff" 1
    EXISTS "k\x00\xff" "k"
    DEL "k\x00\xff"
    NOSUCHCOMMAND
    NOSUCHCOMMAND a b c
    NOSUCHCOMMAND "a b" "c\r\nd" ""
    "" x
    "no such" x
    nosuch {{y*200}} tail
    {{z*200}} a
    nosuch {{y*100}} {{x*100}} {{w*10}}
    nosuch a{{b*125}} c d
  `);

  parity(pair, 'KEYS and RANDOMKEY', String.raw`
    KEYS *
    RANDOMKEY
    MSET hello 1 hallo 2 hxllo 3 hllo 4 heeeello 5 h*llo 6 key[1] 7
    KEYS *
    KEYS h?llo
    KEYS h*llo
    KEYS h[ae]llo
    KEYS h[^e]llo
    KEYS h[a-b]llo
    KEYS h[b-a]llo
    KEYS h\*llo
    KEYS h\\*llo
    KEYS key\\[1\\]
    KEYS ""
    KEYS hello
    KEYS HELLO
    KEYS *e*
    KEYS [
    KEYS h[
    KEYS h[a
    KEYS h[a-
    KEYS h[^
    KEYS \\
    KEYS **
    KEYS ?????
    KEYS
    KEYS a b
    RANDOMKEY
    RANDOMKEY x
    DEL hello hallo hxllo hllo heeeello h*llo key[1]
    SET only 1
    RANDOMKEY
    PEXPIREAT only 1
    RANDOMKEY
    KEYS *
  `);

  parity(pair, 'RENAME, RENAMENX, COPY, MOVE', String.raw`
    RENAME missing x
    RENAME missing missing
    SET a 1
    RENAME a b
    GET a
    GET b
    RENAME b b
    RENAMENX b b
    SET c 3
    RENAMENX b c
    RENAMENX b d
    GET d
    RENAMENX missing x
    RENAME d c
    GET c
    EXPIRE c 100
    RENAME c e
    TTL e
    SET f 1
    EXPIRE f 500
    RENAME e f
    TTL f
    LPUSH l a b
    RENAME l f
    LRANGE f 0 -1
    TTL f
    RENAME f
    RENAME
    RENAMENX a
    RENAME a b c
    COPY missing x
    COPY f f
    COPY missing missing
    COPY f g
    LRANGE g 0 -1
    COPY f g
    RPUSH g new
    LRANGE f 0 -1
    COPY g f REPLACE
    LRANGE f 0 -1
    COPY f g replace REPLACE
    COPY f g DB
    COPY f g DB x
    COPY f g DB 99
    COPY f g DB -1
    COPY f g DB 99999999999
    COPY f g BAD
    COPY f g DB 1
    COPY f f DB 1
    COPY f f DB 1 REPLACE
    COPY f f DB 0
    SELECT 1
    LRANGE g 0 -1
    LRANGE f 0 -1
    SELECT 0
    EXPIRE f 300
    COPY f t
    TTL t
    SADD s a b 1
    COPY s s2
    SADD s2 c
    SMEMBERS s
    SMEMBERS s2
    HSET h f v
    COPY h h2
    HSET h2 f w
    HGET h f
    ZADD z 1 a
    COPY z z2
    ZADD z2 5 a
    ZSCORE z a
    SET n 5
    COPY n n2
    INCR n2
    GET n
    SET str abc
    APPEND str d
    COPY str str2
    APPEND str2 e
    GET str
    OBJECT ENCODING str2
    COPY
    COPY a
    MOVE missing 1
    MOVE n 1
    EXISTS n
    MOVE n 1
    SELECT 1
    GET n
    SET m 1
    EXPIRE m 100
    MOVE m 2
    MOVE n 1
    SELECT 2
    TTL m
    SELECT 0
    SET n 9
    MOVE n 1
    GET n
    MOVE n 0
    MOVE n 16
    MOVE n -1
    MOVE n x
    MOVE n 99999999999
    MOVE n 1 2
    MOVE n
    SELECT 16
    SELECT -1
    SELECT x
    SELECT
    SELECT 99999999999999999999
    SWAPDB 0 1
    GET n
    SELECT 1
    GET n
  `);

  parity(pair, 'SCAN', String.raw`
    SCAN 0
    SET k v
    SCAN 0 COUNT 100
    SCAN 0 MATCH * COUNT 10000
    SCAN 0 MATCH nothing COUNT 10000
    SCAN 0 TYPE string COUNT 10000
    SCAN 0 TYPE STRING COUNT 10000
    SCAN 0 TYPE list COUNT 10000
    SCAN 0 TYPE nonsense COUNT 10000
    SCAN 0 TYPE string MATCH k COUNT 10000
    SCAN 0 COUNT 0
    SCAN 0 COUNT -1
    SCAN 0 COUNT x
    SCAN 0 COUNT
    SCAN 0 MATCH
    SCAN 0 TYPE
    SCAN 0 BAD
    SCAN 0 BAD x
    SCAN 0 COUNT 10 MATCH
    SCAN 0 COUNT 1000 COUNT 2000
    SCAN x
    SCAN ""
    SCAN " 0"
    SCAN 0x
    SCAN 18446744073709551616
    SCAN 1.5
    SCAN x COUNT y
    SCAN
    PEXPIREAT k 1
    SCAN 0 COUNT 10000
  `);

  parity(pair, 'OBJECT', String.raw`
    OBJECT
    OBJECT ENCODING
    OBJECT ENCODING missing
    OBJECT ENCODING a b
    OBJECT REFCOUNT missing
    OBJECT IDLETIME missing
    OBJECT FREQ missing
    OBJECT BAD k
    OBJECT HELP
    OBJECT HELP x
    SET k abc
    OBJECT ENCODING k
    OBJECT REFCOUNT k
    OBJECT IDLETIME k
    OBJECT FREQ k
    SET k 5
    OBJECT REFCOUNT k
    SET k 9999
    OBJECT REFCOUNT k
    SET k 10000
    OBJECT REFCOUNT k
    SET k -1
    OBJECT REFCOUNT k
    RPUSH l a
    OBJECT ENCODING l
    SADD s 1
    OBJECT ENCODING s
    SADD s a
    OBJECT ENCODING s
    HSET h f v
    OBJECT ENCODING h
    HSET h f {{x*65}}
    OBJECT ENCODING h
    ZADD z 1 a
    OBJECT ENCODING z
    ZADD z 1 {{x*65}}
    OBJECT ENCODING z
    object encoding k
    OBJECT encoding l
  `);
});
