// npm run bench [throughput|memory|administration …]: this package against redis-server and redis-cli on this machine, in one
// run.
import { benchAdministration } from './administration.js';
import { benchFailover } from './failover.js';
import { benchImport } from './import.js';
import { benchImportRdb } from './import-rdb.js';
import { benchMemory } from './memory.js';
import { benchDistance } from './distance.js';
import { benchLargeCheck, benchMoves } from './moves.js';
import { haveRedis } from './peers.js';
import { benchPersistence } from './persistence.js';
import { benchReplication } from './replication.js';
import { benchReshardLatency } from './reshard-latency.js';
import { benchServerMoves } from './server-moves.js';
import { benchThroughput } from './throughput.js';

const PARTS = {
  throughput: benchThroughput,
  memory: benchMemory,
  administration: benchAdministration,
  check100: benchLargeCheck,
  moves: benchMoves,
  distance: benchDistance,
  latency: benchReshardLatency,
  import: benchImport,
  rdb: benchImportRdb,
  servers: benchServerMoves,
  replication: benchReplication,
  persistence: benchPersistence,
  failover: benchFailover,
};

const print = (line: string): void => void process.stdout.write(`${line}\n`);

if (!haveRedis()) throw new Error('the benchmarks compare with redis-server: apt-get install redis-server redis-tools');
const wanted = process.argv.slice(2);
for (const [name, bench] of Object.entries(PARTS)) {
  if (wanted.length === 0 || wanted.includes(name)) await bench(print);
}
