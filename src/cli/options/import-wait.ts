// --wait-replicas of the subcommands that bring keys into a cluster (import, restore).
import { DEFAULT_WAIT_REPLICAS_MS } from '../../apply/mover/pacing/defaults.js';
import { decimal, integer } from './options.js';

export const importWaitOptions = {
  waitReplicas: integer('N', 'a moved key leaves the source only when N replicas of its new master have confirmed it; keys then go through this host. Where the source keeps its keys: wait for them at the end', { min: 0, fallback: 0 }),
  waitReplicasTimeout: decimal('SECONDS', 'with --wait-replicas: how long to wait; after that the command ends', { min: 0.001, fallback: DEFAULT_WAIT_REPLICAS_MS / 1000 }),
} as const;

export const restoreWaitOptions = {
  ...importWaitOptions,
  waitReplicas: integer('N', 'the command ends only when N replicas of each master have confirmed the keys', { min: 0, fallback: 0 }),
} as const;
