// Waiting until a node says that its cluster serves.
import { delay } from '../apply/delay.js';
import { Connection } from '../client/connection.js';
import { TribError } from '../errors.js';

/** Polls CLUSTER INFO until cluster_state is ok. Throws NOT_SERVING after `limitMs`. */
export async function waitForState(host: string, port: number, limitMs = 20_000): Promise<void> {
  const connection = await Connection.connect({ host, port });
  try {
    for (let waited = 0; waited < limitMs; waited += 20) {
      if (String(await connection.command(['CLUSTER', 'INFO'])).includes('cluster_state:ok')) return;
      await delay(20);
    }
  } finally {
    connection.close();
  }
  throw new TribError('NOT_SERVING', `The cluster of ${host}:${port} did not come up in ${limitMs} ms`);
}
