// Arguments of the cluster commands as COMMAND DOCS lists them; data only, read when somebody asks.
import type { ArgumentDocs } from './argument-docs.js';

export const clusterDocs: ArgumentDocs = {
  'cluster|addslots': [{"name":"slot","type":"integer","flags":["multiple"]}],
  'cluster|addslotsrange': [{"name":"start-slot_end-slot","type":"block","flags":["multiple"],"arguments":[{"name":"start-slot","type":"integer"},{"name":"end-slot","type":"integer"}]}],
  'cluster|count-failure-reports': [{"name":"node-id","type":"string"}],
  'cluster|countkeysinslot': [{"name":"slot","type":"integer"}],
  'cluster|delslots': [{"name":"slot","type":"integer","flags":["multiple"]}],
  'cluster|delslotsrange': [{"name":"start-slot_end-slot","type":"block","flags":["multiple"],"arguments":[{"name":"start-slot","type":"integer"},{"name":"end-slot","type":"integer"}]}],
  'cluster|failover': [{"name":"options","type":"oneof","flags":["optional"],"arguments":[{"name":"force","type":"pure-token","token":"FORCE"},{"name":"takeover","type":"pure-token","token":"TAKEOVER"}]}],
  'cluster|forget': [{"name":"node-id","type":"string"}],
  'cluster|getkeysinslot': [{"name":"slot","type":"integer"},{"name":"count","type":"integer"}],
  'cluster|keyslot': [{"name":"key","type":"string"}],
  'cluster|meet': [{"name":"ip","type":"string"},{"name":"port","type":"integer"},{"name":"cluster_bus_port","type":"integer","since":"4.0.0","flags":["optional"]}],
  'cluster|replicas': [{"name":"node-id","type":"string"}],
  'cluster|replicate': [{"name":"node-id","type":"string"}],
  'cluster|reset': [{"name":"hard_soft","type":"oneof","flags":["optional"],"arguments":[{"name":"hard","type":"pure-token","token":"HARD"},{"name":"soft","type":"pure-token","token":"SOFT"}]}],
  'cluster|set-config-epoch': [{"name":"config-epoch","type":"integer"}],
  'cluster|setslot': [{"name":"slot","type":"integer"},{"name":"subcommand","type":"oneof","arguments":[{"name":"node-id","type":"string","token":"IMPORTING"},{"name":"node-id","type":"string","token":"MIGRATING"},{"name":"node-id","type":"string","token":"NODE"},{"name":"stable","type":"pure-token","token":"STABLE"}]}],
  'cluster|slaves': [{"name":"node-id","type":"string"}],
};
