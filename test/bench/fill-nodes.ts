// Fills three even masters from inside their network namespace: node fill-nodes.js HOST KEYS PORT PORT PORT.
import { fillCluster } from './reshard-latency.js';

const [host = '', keys = '', ...ports] = process.argv.slice(2);
await fillCluster(ports.map((port) => ({ port: Number(port) })), Number(keys), host);
