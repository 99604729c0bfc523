// DUMP and RESTORE on our node and on a real server. Payloads were made by redis-server 7.0.
import { parity, parityFile } from './harness.js';

/** Payloads of a real 7.0 server, quoted. */
const HELLO = String.raw`"\x00\x05hello\n\x00cr\xdfve4 \n"`;

parityFile('DUMP and RESTORE', (pair) => {
  parity(pair, 'values that have one form only', String.raw`
    DUMP missing
    SET s hello
    DUMP s
    SET n 5
    DUMP n
    SET n 300
    DUMP n
    SET n 70000
    DUMP n
    SET n -1
    DUMP n
    SET n 4294967296
    DUMP n
    SET n ""
    DUMP n
    SET bin "\x00\xff\r\n"
    DUMP bin
    SADD ints 1 2 3
    DUMP ints
    SADD ints 100000
    DUMP ints
    DUMP
    DUMP a b
  `);

  parity(pair, 'RESTORE and its errors', String.raw`
    RESTORE k 0 ${HELLO}
    GET k
    TTL k
    RESTORE k 0 ${HELLO}
    RESTORE k 0 ${HELLO} REPLACE
    RESTORE k 100000 ${HELLO} REPLACE
    TTL k
    RESTORE k 99999999999000 ${HELLO} REPLACE ABSTTL
    PEXPIRETIME k
    RESTORE k 1 ${HELLO} REPLACE ABSTTL
    EXISTS k
    RESTORE k 1 ${HELLO} ABSTTL
    EXISTS k
    RESTORE k 0 ${HELLO} ABSTTL
    TTL k
    RESTORE k -1 ${HELLO} REPLACE
    RESTORE k x ${HELLO} REPLACE
    RESTORE k x ${HELLO}
    RESTORE k -1 ${HELLO}
    RESTORE new -1 ${HELLO}
    RESTORE new x ${HELLO}
    RESTORE new 0 bad
    RESTORE new 0 ""
    RESTORE new 0 "\x00\x05hellp\n\x00cr\xdfve4 \n"
    RESTORE new 0 "\x00\x05hello\x0b\x00cr\xdfve4 \n"
    RESTORE new 0 ${HELLO} BAD
    RESTORE new 0 ${HELLO} IDLETIME
    RESTORE new 0 ${HELLO} IDLETIME x
    RESTORE new 0 ${HELLO} IDLETIME -1
    RESTORE new 0 ${HELLO} FREQ 256
    RESTORE new 0 ${HELLO} FREQ -1
    RESTORE new 0 ${HELLO} FREQ x
    RESTORE new 0 ${HELLO} FREQ
    RESTORE new 0 ${HELLO} IDLETIME 5 FREQ 5
    RESTORE new 0 ${HELLO} FREQ 5 IDLETIME 5
    RESTORE new 0 ${HELLO} IDLETIME 1000
    OBJECT IDLETIME new
    RESTORE new2 0 ${HELLO} FREQ 5
    RESTORE new2 0 ${HELLO} FREQ 5 replace absttl
    RESTORE k 0 bad
    RESTORE k 0 bad REPLACE
    GET k
    RESTORE k x bad REPLACE
    RESTORE k 0
    RESTORE
    LPUSH l a
    RESTORE l 0 ${HELLO}
    RESTORE l 0 ${HELLO} REPLACE
    TYPE l
    RESTORE-ASKING r 0 ${HELLO}
    RESTORE-ASKING r 0 ${HELLO}
    GET r
  `);
});
