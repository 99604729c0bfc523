// Arguments of the server commands as COMMAND DOCS lists them; data only, read when somebody asks.
import type { ArgumentDocs } from './argument-docs.js';

export const serverDocs: ArgumentDocs = {
  'bgsave': [{"name":"schedule","type":"pure-token","token":"SCHEDULE","since":"3.2.2","flags":["optional"]}],
  'command|docs': [{"name":"command-name","type":"string","flags":["optional","multiple"]}],
  'command|info': [{"name":"command-name","type":"string","flags":["optional","multiple"]}],
  'command|list': [{"name":"filterby","type":"oneof","token":"FILTERBY","flags":["optional"],"arguments":[{"name":"module-name","type":"string","token":"MODULE"},{"name":"category","type":"string","token":"ACLCAT"},{"name":"pattern","type":"pattern","token":"PATTERN"}]}],
  'config|get': [{"name":"parameter","type":"block","flags":["multiple"],"arguments":[{"name":"parameter","type":"string"}]}],
  'config|set': [{"name":"parameter_value","type":"block","flags":["multiple"],"arguments":[{"name":"parameter","type":"string"},{"name":"value","type":"string"}]}],
  'flushall': [{"name":"async","type":"oneof","flags":["optional"],"arguments":[{"name":"async","type":"pure-token","token":"ASYNC","since":"4.0.0"},{"name":"sync","type":"pure-token","token":"SYNC","since":"6.2.0"}]}],
  'flushdb': [{"name":"async","type":"oneof","flags":["optional"],"arguments":[{"name":"async","type":"pure-token","token":"ASYNC","since":"4.0.0"},{"name":"sync","type":"pure-token","token":"SYNC","since":"6.2.0"}]}],
  'info': [{"name":"section","type":"string","flags":["optional","multiple"]}],
  'latency|graph': [{"name":"event","type":"string"}],
  'latency|histogram': [{"name":"command","type":"string","flags":["optional","multiple"]}],
  'latency|history': [{"name":"event","type":"string"}],
  'latency|reset': [{"name":"event","type":"string","flags":["optional","multiple"]}],
  'lolwut': [{"name":"version","type":"integer","token":"VERSION","flags":["optional"]}],
  'memory|usage': [{"name":"key","type":"key","key_spec_index":0},{"name":"count","type":"integer","token":"SAMPLES","flags":["optional"]}],
  'psync': [{"name":"replicationid","type":"string"},{"name":"offset","type":"integer"}],
  'replicaof': [{"name":"args","type":"oneof","arguments":[{"name":"host-port","type":"block","arguments":[{"name":"host","type":"string"},{"name":"port","type":"integer"}]},{"name":"no-one","type":"block","arguments":[{"name":"no","type":"pure-token","token":"NO"},{"name":"one","type":"pure-token","token":"ONE"}]}]}],
  'restore-asking': [{"name":"key","type":"key","key_spec_index":0},{"name":"ttl","type":"integer"},{"name":"serialized-value","type":"string"},{"name":"replace","type":"pure-token","token":"REPLACE","since":"3.0.0","flags":["optional"]},{"name":"absttl","type":"pure-token","token":"ABSTTL","since":"5.0.0","flags":["optional"]},{"name":"seconds","type":"integer","token":"IDLETIME","since":"5.0.0","flags":["optional"]},{"name":"frequency","type":"integer","token":"FREQ","since":"5.0.0","flags":["optional"]}],
  'shutdown': [{"name":"nosave_save","type":"oneof","flags":["optional"],"arguments":[{"name":"nosave","type":"pure-token","token":"NOSAVE"},{"name":"save","type":"pure-token","token":"SAVE"}]},{"name":"now","type":"pure-token","token":"NOW","since":"7.0.0","flags":["optional"]},{"name":"force","type":"pure-token","token":"FORCE","since":"7.0.0","flags":["optional"]},{"name":"abort","type":"pure-token","token":"ABORT","since":"7.0.0","flags":["optional"]}],
  'slaveof': [{"name":"args","type":"oneof","arguments":[{"name":"host-port","type":"block","arguments":[{"name":"host","type":"string"},{"name":"port","type":"integer"}]},{"name":"no-one","type":"block","arguments":[{"name":"no","type":"pure-token","token":"NO"},{"name":"one","type":"pure-token","token":"ONE"}]}]}],
  'slowlog|get': [{"name":"count","type":"integer","flags":["optional"]}],
  'swapdb': [{"name":"index1","type":"integer"},{"name":"index2","type":"integer"}],
};
