// The version of Redis whose behaviour the node implements, as reported to clients and users.

/** As in HELLO, INFO and log lines. */
export const REDIS_VERSION = '7.0.15';
