// Arguments of the list commands as COMMAND DOCS lists them; data only, read when somebody asks.
import type { ArgumentDocs } from './argument-docs.js';

export const listDocs: ArgumentDocs = {
  'blmove': [{"name":"source","type":"key","key_spec_index":0},{"name":"destination","type":"key","key_spec_index":1},{"name":"wherefrom","type":"oneof","arguments":[{"name":"left","type":"pure-token","token":"LEFT"},{"name":"right","type":"pure-token","token":"RIGHT"}]},{"name":"whereto","type":"oneof","arguments":[{"name":"left","type":"pure-token","token":"LEFT"},{"name":"right","type":"pure-token","token":"RIGHT"}]},{"name":"timeout","type":"double"}],
  'blmpop': [{"name":"timeout","type":"double"},{"name":"numkeys","type":"integer"},{"name":"key","type":"key","key_spec_index":0,"flags":["multiple"]},{"name":"where","type":"oneof","arguments":[{"name":"left","type":"pure-token","token":"LEFT"},{"name":"right","type":"pure-token","token":"RIGHT"}]},{"name":"count","type":"integer","token":"COUNT","flags":["optional"]}],
  'blpop': [{"name":"key","type":"key","key_spec_index":0,"flags":["multiple"]},{"name":"timeout","type":"double"}],
  'brpop': [{"name":"key","type":"key","key_spec_index":0,"flags":["multiple"]},{"name":"timeout","type":"double"}],
  'brpoplpush': [{"name":"source","type":"key","key_spec_index":0},{"name":"destination","type":"key","key_spec_index":1},{"name":"timeout","type":"double"}],
  'lindex': [{"name":"key","type":"key","key_spec_index":0},{"name":"index","type":"integer"}],
  'linsert': [{"name":"key","type":"key","key_spec_index":0},{"name":"where","type":"oneof","arguments":[{"name":"before","type":"pure-token","token":"BEFORE"},{"name":"after","type":"pure-token","token":"AFTER"}]},{"name":"pivot","type":"string"},{"name":"element","type":"string"}],
  'llen': [{"name":"key","type":"key","key_spec_index":0}],
  'lmove': [{"name":"source","type":"key","key_spec_index":0},{"name":"destination","type":"key","key_spec_index":1},{"name":"wherefrom","type":"oneof","arguments":[{"name":"left","type":"pure-token","token":"LEFT"},{"name":"right","type":"pure-token","token":"RIGHT"}]},{"name":"whereto","type":"oneof","arguments":[{"name":"left","type":"pure-token","token":"LEFT"},{"name":"right","type":"pure-token","token":"RIGHT"}]}],
  'lmpop': [{"name":"numkeys","type":"integer"},{"name":"key","type":"key","key_spec_index":0,"flags":["multiple"]},{"name":"where","type":"oneof","arguments":[{"name":"left","type":"pure-token","token":"LEFT"},{"name":"right","type":"pure-token","token":"RIGHT"}]},{"name":"count","type":"integer","token":"COUNT","flags":["optional"]}],
  'lpop': [{"name":"key","type":"key","key_spec_index":0},{"name":"count","type":"integer","since":"6.2.0","flags":["optional"]}],
  'lpos': [{"name":"key","type":"key","key_spec_index":0},{"name":"element","type":"string"},{"name":"rank","type":"integer","token":"RANK","flags":["optional"]},{"name":"num-matches","type":"integer","token":"COUNT","flags":["optional"]},{"name":"len","type":"integer","token":"MAXLEN","flags":["optional"]}],
  'lpush': [{"name":"key","type":"key","key_spec_index":0},{"name":"element","type":"string","flags":["multiple"]}],
  'lpushx': [{"name":"key","type":"key","key_spec_index":0},{"name":"element","type":"string","flags":["multiple"]}],
  'lrange': [{"name":"key","type":"key","key_spec_index":0},{"name":"start","type":"integer"},{"name":"stop","type":"integer"}],
  'lrem': [{"name":"key","type":"key","key_spec_index":0},{"name":"count","type":"integer"},{"name":"element","type":"string"}],
  'lset': [{"name":"key","type":"key","key_spec_index":0},{"name":"index","type":"integer"},{"name":"element","type":"string"}],
  'ltrim': [{"name":"key","type":"key","key_spec_index":0},{"name":"start","type":"integer"},{"name":"stop","type":"integer"}],
  'rpop': [{"name":"key","type":"key","key_spec_index":0},{"name":"count","type":"integer","since":"6.2.0","flags":["optional"]}],
  'rpoplpush': [{"name":"source","type":"key","key_spec_index":0},{"name":"destination","type":"key","key_spec_index":1}],
  'rpush': [{"name":"key","type":"key","key_spec_index":0},{"name":"element","type":"string","flags":["multiple"]}],
  'rpushx': [{"name":"key","type":"key","key_spec_index":0},{"name":"element","type":"string","flags":["multiple"]}],
};
