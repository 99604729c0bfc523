// The library: load a cluster, check it, plan, apply; one connection or a whole-cluster client; the pure parts below. Only
// re-exports. Nothing here draws in a terminal, prompts or prints.
export { ExitCode, TribError } from './errors.js';

export { formatAddress, parseAddress } from './cluster/address.js';
export type { Address } from './cluster/address.js';
export { keySlot, SLOT_COUNT } from './cluster/slots.js';
export { SlotSet } from './cluster/slot-set.js';
export type { SlotRange } from './cluster/slot-set.js';
export { LineCache, parseNodeLine, parseNodesText } from './cluster/nodes-text.js';
export type { NodeLine } from './cluster/nodes-text.js';
export { ClusterView } from './cluster/view.js';
export type { ClusterNode, UnreachableNode } from './cluster/view.js';
export { checkView } from './cluster/findings.js';
export type { CheckReport, Finding, NodeRef, Severity } from './cluster/findings.js';

export { DoubleReply, PushReply, ReplyError, fromBinary, toBinary } from './resp/reply.js';
export type { Reply } from './resp/reply.js';
export { Connection } from './client/connection.js';
export type { Arg, ConnectionOptions, RequestOptions, TlsOptions } from './client/connection.js';
export { ConnectionLost } from './client/connection-errors.js';
export { Admin } from './client/admin.js';
export { credentialRules } from './client/node-credentials.js';
export type { CredentialRule, CredentialsOf } from './client/node-credentials.js';
export { ClusterClient, ClusterCommandError } from './client/cluster-client.js';
export type { ClusterClientOptions, ClusterCommandOptions } from './client/cluster-client.js';

export { movedSlots, countSlots } from './plan/step.js';
export type { MoveStep, PlanBase, PlanNote, Step } from './plan/step.js';
export { planCreate, slotShares } from './plan/create.js';
export type { AntiAffinity, CandidateNode, CreateOptions, CreatePlan, PlannedNode } from './plan/create.js';
export { planEmptying } from './plan/emptying.js';
export type { EmptiedNode, EmptyingPlan, NodeContents } from './plan/emptying.js';
export { parseSlotRequest, planReshard } from './plan/reshard.js';
export type { ReshardOptions, ReshardPlan, SlotRequest } from './plan/reshard.js';
export { parseWeights, planRebalance } from './plan/rebalance.js';
export type { NodeBalance, RebalanceOptions, RebalancePlan } from './plan/rebalance.js';
export { planRolling, successorsOf } from './plan/rolling.js';
export type { RollingPlan, RollingRequest, RollingTurn } from './plan/rolling.js';

export { planFix } from './plan/fix/plan.js';
export type { FixPlanOptions } from './plan/fix/plan.js';
export type { Decision, FixPlan, FixStep, Refusal } from './plan/fix/step.js';

export { Cluster, openCluster } from './apply/open-cluster.js';
export type { CheckOptions, Seed } from './apply/open-cluster.js';
export { NewCluster, openNewNodes } from './apply/steps/create.js';
export type { Occupied } from './apply/steps/create.js';
export { emptyNodes } from './apply/steps/empty-nodes.js';
export type { ClusterOptions } from './apply/node/node-link.js';
export type { ApplyOptions } from './apply/apply-plan.js';
export type { AgreementOptions } from './apply/cluster/agreement.js';
export type { ApplyEvent, ApplyStats, OnEvent } from './apply/node/event.js';
export { roll, RollingStopped } from './apply/rolling/rolling.js';
export type { RollingEvent, RollingOptions, TurnNode, TurnResult } from './apply/rolling/rolling.js';
export { KeyConflict, MoveIncomplete } from './apply/mover/pacing/options.js';
export type { MoveMethod, MoverOptions, SlotFailure } from './apply/mover/pacing/options.js';
export { PauseSwitch } from './apply/mover/pacing/pause-switch.js';
export { applyFix } from './apply/fix/apply-fix.js';
export type { FixOptions, FixOutcome, FixRequest } from './apply/fix/fix-run.js';
export { countSlotKeys } from './apply/fix/count-keys.js';
export { CopyFile } from './apply/fix/save-copies.js';
export type { ConflictPolicy, KeyConflictCase } from './apply/fix/settle-key.js';

export { importKeys } from './import/import.js';
export { ImportSource } from './import/source.js';
export { ImportIncomplete } from './import/options.js';
export type { ImportOptions } from './import/options.js';
export type { Conflict, ImportEvent, ImportStats, ImportTarget, OnImportEvent, Span } from './import/event.js';
export { importRdb } from './import/file/import-rdb.js';
export { importAof } from './import/file/import-aof.js';
export type { AofChoice } from './import/file/import-aof.js';
export { LoadIncomplete } from './import/file/load-options.js';
export type { LoadEvent, LoadOptions, LoadStats, RefusedKey } from './import/file/load-options.js';
export type { FileDamage } from './import/file/read-data-file.js';
export { summariseFile } from './import/file/summarise-file.js';
export type { FileSummary, SummariseOptions } from './import/file/summarise-file.js';
export { readBackup } from './apply/backup/read-backup.js';
export type { SavedBackup, SavedMaster } from './apply/backup/read-backup.js';
export { backupCluster } from './apply/backup/backup.js';
export type { BackupEvent, BackupFile, BackupOptions, BackupResult } from './apply/backup/backup.js';
