// WATCH on our node and on a real server: on one connection and against others.
import { parity, parityFile } from './harness.js';
import { script } from './script.js';

parityFile('WATCH', (pair) => {
  parity(pair, 'WATCH on one connection', String.raw`
    SET k 1
    WATCH k
    MULTI
    GET k
    EXEC
    WATCH k
    SET k 2
    MULTI
    GET k
    EXEC
    MULTI
    GET k
    EXEC
    WATCH k
    SET k 3
    UNWATCH
    MULTI
    GET k
    EXEC
    WATCH k
    SET k 4
    MULTI
    DISCARD
    MULTI
    GET k
    EXEC
    WATCH k k k
    MULTI
    INCR k
    EXEC
    WATCH missing
    SET missing 1
    MULTI
    PING
    EXEC
    WATCH missing2
    DEL missing2
    MULTI
    PING
    EXEC
    WATCH k
    GET k
    TTL k
    TYPE k
    EXISTS k
    MULTI
    PING
    EXEC
    WATCH k
    EXPIRE k 100
    MULTI
    PING
    EXEC
    WATCH k
    PERSIST k
    MULTI
    PING
    EXEC
    WATCH k
    PERSIST k
    MULTI
    PING
    EXEC
    WATCH k
    RENAME k k2
    MULTI
    PING
    EXEC
    WATCH k
    RENAME k2 k
    MULTI
    PING
    EXEC
    SADD s a
    WATCH s
    SADD s a
    MULTI
    PING
    EXEC
    WATCH s
    SREM s zz
    MULTI
    PING
    EXEC
    WATCH s
    SREM s a
    MULTI
    PING
    EXEC
    SET e v PXAT 1
    WATCH e
    MULTI
    PING
    EXEC
    WATCH k
    SELECT 1
    SET k other-db
    SELECT 0
    MULTI
    PING
    EXEC
    WATCH k
    COPY k copied
    MULTI
    PING
    EXEC
    WATCH copied
    COPY k copied
    MULTI
    PING
    EXEC
    WATCH copied
    COPY k copied REPLACE
    MULTI
    PING
    EXEC
    RPUSH l 1 2
    WATCH d
    SORT l STORE d
    MULTI
    PING
    EXEC
    WATCH d
    SORT nothing STORE d
    MULTI
    PING
    EXEC
    WATCH d
    SORT nothing STORE d
    MULTI
    PING
    EXEC
    WATCH k
    MULTI
    SET k inside
    EXEC
    GET k
    WATCH k
    MULTI
    NOSUCH
    EXEC
    MULTI
    PING
    EXEC
    WATCH k
    SET k x
    MULTI
    NOSUCH
    EXEC
    WATCH k
    INCR k
    MULTI
    PING
    EXEC
    WATCH k
    MOVE k 1
    MULTI
    PING
    EXEC
    WATCH k
    TOUCH k
    MULTI
    PING
    EXEC
  `);

  script(pair, 'WATCH against another connection', `
    A> SET k 1
    A> WATCH k
    A> MULTI
    A> INCR k
    B> SET k 10
    A> EXEC
    A> GET k
    A> WATCH k other
    B> GET k
    A> MULTI
    A> INCR k
    A> EXEC
    A> WATCH k
    B> DEL k
    A> MULTI
    A> PING
    A> EXEC
    B> SET k v
    A> WATCH k
    B> SELECT 1
    B> SET k v
    A> MULTI
    A> PING
    A> EXEC
    B> SELECT 0
    A> WATCH k
    A> MULTI
    A> GET k
    B> EXPIRE k 100
    A> EXEC
    A> WATCH l
    B> RPUSH l a
    B> LPOP l
    A> MULTI
    A> PING
    A> EXEC
    connect C 3
    C> WATCH k
    B> SET k w
    C> MULTI
    C> PING
    C> EXEC
    C> WATCH k
    close C
    B> SET k x
    A> WATCH k
    A> UNWATCH
    B> SET k y
    A> MULTI
    A> GET k
    A> EXEC
    A> MULTI
    A> BADCOMMAND
    B> SET k z
    A> EXEC
  `);
});
