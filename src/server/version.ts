// The version of Redis whose behaviour the node shows, wherever clients or people ask for one.

/** As HELLO, INFO and log lines tell it. */
export const REDIS_VERSION = '7.0.15';
