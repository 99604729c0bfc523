// Arguments of the hash commands as COMMAND DOCS lists them; data only, read when somebody asks.
import type { ArgumentDocs } from './argument-docs.js';

export const hashDocs: ArgumentDocs = {
  'hdel': [{"name":"key","type":"key","key_spec_index":0},{"name":"field","type":"string","flags":["multiple"]}],
  'hexists': [{"name":"key","type":"key","key_spec_index":0},{"name":"field","type":"string"}],
  'hget': [{"name":"key","type":"key","key_spec_index":0},{"name":"field","type":"string"}],
  'hgetall': [{"name":"key","type":"key","key_spec_index":0}],
  'hincrby': [{"name":"key","type":"key","key_spec_index":0},{"name":"field","type":"string"},{"name":"increment","type":"integer"}],
  'hincrbyfloat': [{"name":"key","type":"key","key_spec_index":0},{"name":"field","type":"string"},{"name":"increment","type":"double"}],
  'hkeys': [{"name":"key","type":"key","key_spec_index":0}],
  'hlen': [{"name":"key","type":"key","key_spec_index":0}],
  'hmget': [{"name":"key","type":"key","key_spec_index":0},{"name":"field","type":"string","flags":["multiple"]}],
  'hmset': [{"name":"key","type":"key","key_spec_index":0},{"name":"field_value","type":"block","flags":["multiple"],"arguments":[{"name":"field","type":"string"},{"name":"value","type":"string"}]}],
  'hrandfield': [{"name":"key","type":"key","key_spec_index":0},{"name":"options","type":"block","flags":["optional"],"arguments":[{"name":"count","type":"integer"},{"name":"withvalues","type":"pure-token","token":"WITHVALUES","flags":["optional"]}]}],
  'hscan': [{"name":"key","type":"key","key_spec_index":0},{"name":"cursor","type":"integer"},{"name":"pattern","type":"pattern","token":"MATCH","flags":["optional"]},{"name":"count","type":"integer","token":"COUNT","flags":["optional"]}],
  'hset': [{"name":"key","type":"key","key_spec_index":0},{"name":"field_value","type":"block","flags":["multiple"],"arguments":[{"name":"field","type":"string"},{"name":"value","type":"string"}]}],
  'hsetnx': [{"name":"key","type":"key","key_spec_index":0},{"name":"field","type":"string"},{"name":"value","type":"string"}],
  'hstrlen': [{"name":"key","type":"key","key_spec_index":0},{"name":"field","type":"string"}],
  'hvals': [{"name":"key","type":"key","key_spec_index":0}],
};
