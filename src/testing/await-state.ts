// Waits until a node reports that its cluster serves.
import { delay } from '../apply/node/delay.js';
import { Connection, type ConnectionOptions } from '../client/connection.js';
import { TribError } from '../errors.js';

/** Polls CLUSTER INFO until cluster_state is ok. Throws NOT_SERVING after `limitMs`. */
export async function waitForState(options: ConnectionOptions, limitMs = 20_000): Promise<void> {
  const connection = await Connection.connect(options);
  try {
    for (let waited = 0; waited < limitMs; waited += 20) {
      if (String(await connection.command(['CLUSTER', 'INFO'])).includes('cluster_state:ok')) return;
      await delay(20);
    }
  } finally {
    connection.close();
  }
  throw new TribError('NOT_SERVING', `The cluster of ${options.host}:${options.port} did not start within ${limitMs} ms`);
}
