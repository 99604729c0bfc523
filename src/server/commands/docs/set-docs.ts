// Arguments of the set commands as COMMAND DOCS lists them; data only, read when somebody asks.
import type { ArgumentDocs } from './argument-docs.js';

export const setDocs: ArgumentDocs = {
  'sadd': [{"name":"key","type":"key","key_spec_index":0},{"name":"member","type":"string","flags":["multiple"]}],
  'scard': [{"name":"key","type":"key","key_spec_index":0}],
  'sdiff': [{"name":"key","type":"key","key_spec_index":0,"flags":["multiple"]}],
  'sdiffstore': [{"name":"destination","type":"key","key_spec_index":0},{"name":"key","type":"key","key_spec_index":1,"flags":["multiple"]}],
  'sinter': [{"name":"key","type":"key","key_spec_index":0,"flags":["multiple"]}],
  'sintercard': [{"name":"numkeys","type":"integer"},{"name":"key","type":"key","key_spec_index":0,"flags":["multiple"]},{"name":"limit","type":"integer","token":"LIMIT","flags":["optional"]}],
  'sinterstore': [{"name":"destination","type":"key","key_spec_index":0},{"name":"key","type":"key","key_spec_index":1,"flags":["multiple"]}],
  'sismember': [{"name":"key","type":"key","key_spec_index":0},{"name":"member","type":"string"}],
  'smembers': [{"name":"key","type":"key","key_spec_index":0}],
  'smismember': [{"name":"key","type":"key","key_spec_index":0},{"name":"member","type":"string","flags":["multiple"]}],
  'smove': [{"name":"source","type":"key","key_spec_index":0},{"name":"destination","type":"key","key_spec_index":1},{"name":"member","type":"string"}],
  'spop': [{"name":"key","type":"key","key_spec_index":0},{"name":"count","type":"integer","since":"3.2.0","flags":["optional"]}],
  'srandmember': [{"name":"key","type":"key","key_spec_index":0},{"name":"count","type":"integer","since":"2.6.0","flags":["optional"]}],
  'srem': [{"name":"key","type":"key","key_spec_index":0},{"name":"member","type":"string","flags":["multiple"]}],
  'sscan': [{"name":"key","type":"key","key_spec_index":0},{"name":"cursor","type":"integer"},{"name":"pattern","type":"pattern","token":"MATCH","flags":["optional"]},{"name":"count","type":"integer","token":"COUNT","flags":["optional"]}],
  'sunion': [{"name":"key","type":"key","key_spec_index":0,"flags":["multiple"]}],
  'sunionstore': [{"name":"destination","type":"key","key_spec_index":0},{"name":"key","type":"key","key_spec_index":1,"flags":["multiple"]}],
};
