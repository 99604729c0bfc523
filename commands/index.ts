// The one list of subcommands, in the order help shows them. What each is made of is in its own file, loaded on demand:
// start-up time counts.
import type { CommandEntry } from '../src/cli/define.js';

export const commands: readonly CommandEntry[] = [
  { name: 'demo', summary: 'Reshard a cluster under load, from nothing, and tell what happened', load: () => import('./demo.js') },
  { name: 'local', summary: 'Start, stop and find a cluster on this machine', load: () => import('./local.js') },
  { name: 'create', summary: 'Join empty nodes into a new cluster', load: () => import('./create.js') },
  { name: 'check', summary: 'Tell whether a cluster is healthy', load: () => import('./check.js') },
  { name: 'info', summary: 'Show the masters with their keys, slots and replicas', load: () => import('./info.js') },
  { name: 'reshard', summary: 'Move slots with their keys to other masters', load: () => import('./reshard.js') },
  { name: 'call', summary: 'Run a command on every node', load: () => import('./call.js') },
  { name: 'consistency-test', summary: 'Write and read counters, and report every write that got lost', load: () => import('./consistency-test.js') },
];
