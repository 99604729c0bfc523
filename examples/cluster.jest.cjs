// The same under Jest, as CommonJS: npx jest --testMatch '**/cluster.jest.cjs'
const { Cluster } = require('ioredis');
const { startCluster } = require('redis-trib/testing');

let cluster;
let client;

beforeAll(async () => {
  cluster = await startCluster({ masters: 3 });
  client = new Cluster([...cluster.nodes]);
});

afterAll(async () => {
  client.disconnect();
  await cluster.stop();
});

test('keeps what was written', async () => {
  await client.set('greeting', 'hello');
  expect(await client.get('greeting')).toBe('hello');
});
