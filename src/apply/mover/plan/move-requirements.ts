// Checks before a slot is opened whether keys can move from this source to this target: databases, commands, permissions,
// payload version, port for MIGRATE. The probes change nothing. What they cannot detect, the first batch reports.
import { settingValue } from '../../../client/read-reply.js';
import { randomUUID } from 'node:crypto';
import type { Address } from '../../../cluster/address.js';
import { keySlot } from '../../../cluster/slots.js';
import { SlotSet } from '../../../cluster/slot-set.js';
import type { PipelineReply } from '../../../client/connection.js';
import { migrateCommand } from '../../../client/migrate-command.js';
import { TribError } from '../../../errors.js';
import { Crc64 } from '../../../rdb/crc64.js';
import type { Arg } from '../../../resp/command.js';
import { ReplyError } from '../../../resp/reply.js';
import type { NodeLink } from '../../node/node-link.js';
import { requireSameDatabases, type Databases } from '../keys/databases.js';
import { migrateTimeout } from '../pacing/migrate-timeout.js';
import { routeTo } from '../safety/transport.js';

/** The parameters of a pair's moves. */
export interface PairRequirements {
  /** Databases of the source. */
  readonly databases: Databases;
  /** The target's address as seen from the source. */
  readonly route: Address;
  /** Milliseconds of MIGRATE's timeout unless configured; below the source's cluster-node-timeout. */
  readonly timeoutMs: number;
}

/** The command is refused or unknown, not this key. An ACL may permit other keys than the probe's. */
const NO_COMMAND = /unknown command|run the|permissions? to run/i;
const WRONG_VERSION = /payload version/i;
/** Number of names tried to find a key in one of a few slots. */
const MAX_NAMES = 500_000;

/** An unused key name in one of the slots; in any slot when `slots` is empty. */
export function probeKey(slots: SlotSet = new SlotSet()): string {
  const name = `redis-trib:probe:${randomUUID()}`;
  for (let at = 0; slots.size > 0 && at < MAX_NAMES; at++) if (slots.has(keySlot(`{${at}}`))) return `{${at}}${name}`;
  return name;
}

function cannot(code: string, message: string, hint: string, cause: unknown): TribError {
  return new TribError(code, message, { hint, cause });
}

function requireCommand(node: NodeLink, name: string, reply: PipelineReply | undefined): void {
  if (!(reply instanceof ReplyError) || !NO_COMMAND.test(reply.message)) return;
  const unknown = /unknown command/i.test(reply.message);
  const hint = unknown ? `${name} is renamed or missing there: MIGRATE cannot be used; try --method atomic if the servers support it` : `grant +${name.toLowerCase()} to this user on ${node.name}`;
  throw cannot('MOVE_REFUSED', `Node ${node.name} does not permit moving keys: ${reply.message}`, hint, reply);
}

/** No valid value type: RESTORE answers "Bad data format" after it has accepted version and checksum. */
const NO_VALUE = '\xff';
/** A payload ends with the RDB version (2 bytes) and a checksum (8 bytes). */
const FOOTER = 10;

/** A payload with the same version from which no server can create a key. */
export function hollowPayload(payload: string): string {
  const body = NO_VALUE + payload.slice(-FOOTER, -FOOTER + 2);
  const checksum = Buffer.alloc(8);
  new Crc64().update(Buffer.from(body, 'latin1')).writeTo(checksum, 0);
  return body + checksum.toString('latin1');
}

interface SourceFacts {
  readonly tlsCluster: string | undefined;
  readonly nodeTimeout: string | undefined;
  /** A payload of the version that DUMP writes on the source; undefined when unknown. */
  readonly payload: string | undefined;
}

/** COPY of a key that does not exist: the source answers NOKEY without connecting to the target. */
async function askSource(source: NodeLink, target: NodeLink): Promise<SourceFacts> {
  const { host, port } = target.announced;
  const migrate = migrateCommand({ host, port, timeoutMs: 1, copy: true, keys: [probeKey()] });
  const commands: Arg[][] = [['CONFIG', 'GET', 'tls-cluster'], ['CONFIG', 'GET', 'cluster-node-timeout'], ['FUNCTION', 'DUMP'], ['CLUSTER', 'GETKEYSINSLOT', 0, 1], migrate];
  const [tls, timeout, dump, keys, moved] = await (await source.connection()).pipeline(commands);
  requireCommand(source, 'MIGRATE', moved);
  requireCommand(source, 'CLUSTER|GETKEYSINSLOT', keys);
  return { tlsCluster: settingValue(tls), nodeTimeout: settingValue(timeout), payload: typeof dump === 'string' && dump.length >= FOOTER ? hollowPayload(dump) : undefined };
}

/** Whether the target accepts RESTORE and payloads of this version. */
async function askTarget(source: NodeLink, target: NodeLink, slots: SlotSet, payload: string | undefined): Promise<void> {
  const restore: Arg[] = ['RESTORE-ASKING', probeKey(slots), 0, payload ?? ''];
  // A master without slots answers MOVED before it reads the payload, so FUNCTION RESTORE is used there.
  const functions: Arg[][] = payload === undefined || slots.size > 0 ? [] : [['FUNCTION', 'RESTORE', payload]];
  const [selected, restored, read] = await (await target.connection()).pipeline([['SELECT', 0], restore, ...functions]);
  requireCommand(target, 'SELECT', selected);
  requireCommand(target, 'RESTORE-ASKING', restored);
  if (payload === undefined) return;
  const refused = [restored, read].find((reply) => reply instanceof ReplyError && WRONG_VERSION.test(reply.message));
  if (refused === undefined) return;
  const hint = `${target.name} runs an older or different server than ${source.name}: upgrade it first, or move slots in the other direction`;
  throw cannot('PAYLOAD_VERSION', `${target.name} cannot read the DUMP version of ${source.name}, so no key can be moved there`, hint, refused);
}

/**
 * Throws TribError SEVERAL_DATABASES, NO_DATABASE, MOVE_REFUSED, PAYLOAD_VERSION or TRANSPORT when no key could move; rejects
 * as the connections do. `slots`: those of the target.
 */
export async function readRequirements(source: NodeLink, target: NodeLink, slots: SlotSet): Promise<PairRequirements> {
  const { tlsCluster, nodeTimeout, payload } = await askSource(source, target);
  await askTarget(source, target, slots, payload);
  return { databases: await requireSameDatabases(source, target), route: await routeTo(source, target, tlsCluster), timeoutMs: migrateTimeout(nodeTimeout) };
}
