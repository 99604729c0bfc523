// Lists on our node and on a real server: every command with good and bad arguments.
import { parity, parityFile } from './harness.js';

parityFile('list', (pair) => {
  parity(pair, 'pushing and popping', String.raw`
    LPUSH l a
    LPUSH l b c d
    RPUSH l x y z
    LRANGE l 0 -1
    LLEN l
    LPUSHX none a
    RPUSHX none a
    LPUSHX l p q
    RPUSHX l r s
    LRANGE l 0 -1
    LPOP l
    RPOP l
    LPOP l 2
    RPOP l 3
    LPOP l 0
    LPOP l -1
    LPOP l x
    RPOP l 1 2
    LPOP none
    LPOP none 3
    LPOP none 0
    RPOP l 100
    EXISTS l
    SET s v
    LPUSH s a
    RPUSHX s a
    LPOP s
    LPOP s 0
    RPOP s 1
    LLEN s
    LLEN none
    LRANGE s 0 -1
    LPUSH n 1 2 3 -5 9223372036854775807 "" "\x00\xff"
    LRANGE n 0 -1
    OBJECT ENCODING n
    DEBUG DIGEST-VALUE n
  `);
  parity(pair, 'ranges and places', String.raw`
    RPUSH l a b c d e f g b a
    LRANGE l 0 2
    LRANGE l -3 -1
    LRANGE l 5 2
    LRANGE l -100 100
    LRANGE l 100 200
    LRANGE l x 1
    LRANGE l 0 y
    LRANGE none 0 -1
    LINDEX l 0
    LINDEX l -1
    LINDEX l 100
    LINDEX l -100
    LINDEX l x
    LINDEX none x
    LINDEX none 0
    LSET l 0 A
    LSET l -1 Z
    LSET l 100 q
    LSET l x q
    LSET none 0 q
    LRANGE l 0 -1
    LINSERT l BEFORE b new
    LINSERT l after b new2
    LINSERT l AFTER none x
    LINSERT l MIDDLE b x
    LINSERT none BEFORE a b
    LRANGE l 0 -1
    LREM l 1 b
    LREM l -1 b
    LREM l 0 zz
    LREM l x b
    LREM none 0 b
    LRANGE l 0 -1
    LTRIM l 1 -2
    LRANGE l 0 -1
    LTRIM l 5 1
    EXISTS l
    LTRIM none 0 1
    LTRIM l x 1
    RPUSH r a a a
    LREM r 0 a
    EXISTS r
    RPUSH t a b c
    LREM t -9223372036854775808 a
    LSET t 9223372036854775808 a
    LTRIM t 0 9223372036854775807
    LRANGE t -9223372036854775808 9223372036854775807
    SET s v
    LINDEX s 0
    LSET s 0 a
    LINSERT s BEFORE a b
    LREM s 0 a
    LTRIM s 0 1
  `);
  parity(pair, 'LPOS', String.raw`
    RPUSH l a b c 1 2 3 c c
    LPOS l c
    LPOS l none
    LPOS none c
    LPOS l c RANK 2
    LPOS l c RANK -1
    LPOS l c RANK -2
    LPOS l c RANK 4
    LPOS l c RANK 0
    LPOS l c RANK x
    LPOS l c RANK -9223372036854775808
    LPOS l c COUNT 0
    LPOS l c COUNT 2
    LPOS l c COUNT -1
    LPOS l c COUNT 0 RANK -1
    LPOS l c COUNT 0 MAXLEN 3
    LPOS l c MAXLEN -1
    LPOS l c COUNT 0 RANK -1 MAXLEN 2
    LPOS none c COUNT 0
    LPOS l c COUNT
    LPOS l c BOGUS 1
    SET s v
    LPOS s a
  `);
  parity(pair, 'moving and LMPOP', String.raw`
    RPUSH a 1 2 3 4
    LMOVE a b LEFT RIGHT
    LMOVE a b RIGHT LEFT
    LMOVE a a LEFT RIGHT
    LMOVE a b UP LEFT
    LMOVE a b LEFT DOWN
    LMOVE none b LEFT LEFT
    RPOPLPUSH a b
    RPOPLPUSH none b
    LRANGE a 0 -1
    LRANGE b 0 -1
    RPOPLPUSH a b
    EXISTS a
    SET s v
    LMOVE b s LEFT LEFT
    LMOVE s b LEFT LEFT
    RPOPLPUSH s b
    LMOVE none s LEFT LEFT
    LMPOP 1 b LEFT
    LMPOP 2 none b RIGHT COUNT 2
    LMPOP 2 none b RIGHT COUNT 20
    LMPOP 1 none LEFT
    LMPOP 0 b LEFT
    LMPOP -1 b LEFT
    LMPOP x b LEFT
    LMPOP 3 b LEFT
    LMPOP 1 b UP
    LMPOP 1 b LEFT COUNT 0
    LMPOP 1 b LEFT COUNT -1
    LMPOP 1 b LEFT COUNT x
    LMPOP 1 b LEFT COUNT 1 COUNT 2
    LMPOP 1 b LEFT BOGUS 1
    LMPOP 1 s LEFT
  `);
  parity(pair, 'wrong numbers of words', String.raw`
    LPUSH
    LPUSH k
    LPUSH a b c d e f g h
    RPUSH
    RPUSH k
    RPUSH a b c d e f g h
    LPUSHX
    LPUSHX k
    LPUSHX a b c d e f g h
    LINDEX
    LINDEX k
    LINDEX a b c d e f g h
    LLEN
    LLEN k
    LLEN a b c d e f g h
    LINSERT
    LINSERT k
    LINSERT a b c d e f g h
    LSET
    LSET k
    LSET a b c d e f g h
    LREM
    LREM k
    LREM a b c d e f g h
    LTRIM
    LTRIM k
    LTRIM a b c d e f g h
    LMOVE
    LMOVE k
    LMOVE a b c d e f g h
    RPOPLPUSH
    RPOPLPUSH k
    RPOPLPUSH a b c d e f g h
    LPOS
    LPOS k
    LPOS a b c d e f g h
    LMPOP
    LMPOP k
    LMPOP a b c d e f g h
    LRANGE
    LRANGE k
    LRANGE a b c d e f g h
    RPOP
    RPOP k
    RPOP a b c d e f g h
    LPOP
    LPOP k
    LPOP a b c d e f g h
  `);
});
