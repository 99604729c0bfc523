// Arguments of the pubsub commands as COMMAND DOCS lists them; data only, read when somebody asks.
import type { ArgumentDocs } from './argument-docs.js';

export const pubsubDocs: ArgumentDocs = {
  'psubscribe': [{"name":"pattern","type":"block","flags":["multiple"],"arguments":[{"name":"pattern","type":"pattern"}]}],
  'publish': [{"name":"channel","type":"string"},{"name":"message","type":"string"}],
  'pubsub|channels': [{"name":"pattern","type":"pattern","flags":["optional"]}],
  'pubsub|numsub': [{"name":"channel","type":"string","flags":["optional","multiple"]}],
  'pubsub|shardchannels': [{"name":"pattern","type":"pattern","flags":["optional"]}],
  'pubsub|shardnumsub': [{"name":"shardchannel","type":"string","flags":["optional","multiple"]}],
  'punsubscribe': [{"name":"pattern","type":"pattern","flags":["optional","multiple"]}],
  'spublish': [{"name":"shardchannel","type":"string"},{"name":"message","type":"string"}],
  'ssubscribe': [{"name":"shardchannel","type":"string","flags":["multiple"]}],
  'subscribe': [{"name":"channel","type":"string","flags":["multiple"]}],
  'sunsubscribe': [{"name":"shardchannel","type":"string","flags":["optional","multiple"]}],
  'unsubscribe': [{"name":"channel","type":"string","flags":["optional","multiple"]}],
};
