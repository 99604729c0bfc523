// The one list of subcommands, in the order help shows them. What each is made of is in its own file, loaded on demand:
// start-up time counts.
import type { CommandEntry } from '../src/cli/define.js';

export const commands: readonly CommandEntry[] = [
  { name: 'demo', summary: 'Reshard a cluster under load, from nothing, and tell what happened', load: () => import('./demo.js') },
  { name: 'local', summary: 'Start, stop and find a cluster on this machine', load: () => import('./local.js') },
  { name: 'create', summary: 'Join empty nodes into a new cluster', load: () => import('./create.js') },
  { name: 'check', summary: 'Tell whether a cluster is healthy', load: () => import('./check.js') },
  { name: 'info', summary: 'Show the masters with their keys, slots and replicas', load: () => import('./info.js') },
  { name: 'nodes', summary: 'List all nodes with role, replication, links and version', load: () => import('./nodes.js') },
  { name: 'slots', summary: 'Draw which master owns which slots, or find the slot of a key', load: () => import('./slots.js') },
  { name: 'fix', summary: 'Repair open, uncovered and contested slots, and bring stray keys home', load: () => import('./fix.js') },
  { name: 'reshard', summary: 'Move slots with their keys to other masters', load: () => import('./reshard.js') },
  { name: 'apply', summary: 'Apply a saved plan of moves, or go on with an interrupted one', load: () => import('./apply.js') },
  { name: 'rebalance', summary: 'Spread slots, keys or memory over the masters by weight', load: () => import('./rebalance.js') },
  { name: 'add-node', summary: 'Add empty nodes to a cluster, as masters or replicas', load: () => import('./add-node.js') },
  { name: 'del-node', summary: 'Take a node out of a cluster, also one that is down', load: () => import('./del-node.js') },
  { name: 'failover', summary: 'Let a replica take the place of its master', load: () => import('./failover.js') },
  { name: 'rolling', summary: 'Restart one node after the other, masters after a failover', load: () => import('./rolling.js') },
  { name: 'replicate', summary: 'Make a node a replica of a master', load: () => import('./replicate.js') },
  { name: 'forget', summary: 'Let all nodes forget a node that is gone', load: () => import('./forget.js') },
  { name: 'reset', summary: 'Make a node forget its cluster', load: () => import('./reset.js') },
  { name: 'set-timeout', summary: 'Set cluster-node-timeout on every node', load: () => import('./set-timeout.js') },
  { name: 'import', summary: 'Move or copy the keys of a running instance into the cluster', load: () => import('./import.js') },
  { name: 'backup', summary: 'Save an RDB file of each master, all or nothing', load: () => import('./backup.js') },
  { name: 'call', summary: 'Run a command on every node', load: () => import('./call.js') },
  { name: 'consistency-test', summary: 'Write and read counters, and report every write that got lost', load: () => import('./consistency-test.js') },
  { name: 'completion', summary: 'Print the completion script of a shell', load: () => import('./completion.js') },
];
