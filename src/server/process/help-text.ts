// What redis-trib-server --help prints.

export const HELP = `Usage: redis-trib-server [/path/to/redis.conf] [options] [-]
       redis-trib-server - (read config from stdin)
       redis-trib-server -v or --version
       redis-trib-server -h or --help

Examples:
       redis-trib-server (run the server with default conf)
       echo 'maxmemory 128mb' | redis-trib-server -
       redis-trib-server /etc/redis/6379.conf
       redis-trib-server --port 7777
       redis-trib-server --port 7000 --cluster-enabled yes
       redis-trib-server /etc/myredis.conf --loglevel verbose -
       redis-trib-server /etc/myredis.conf --loglevel verbose`;
