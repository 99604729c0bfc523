// The item of an RDB file that lists an import of slots (atomic migration of Valkey 9.1) that had not ended when the file was
// written (persistence-replication.md 1.2). The source still owned these slots; a server that loads the file drops their keys.
import { SlotSet } from '../cluster/slot-set.js';
import { SLOT_COUNT } from '../cluster/slots.js';
import { corrupt } from './rdb-error.js';
import type { RdbReader } from './rdb-reader.js';

export interface SlotImport {
  /** 40 characters, equal on source and target. */
  readonly job: string;
  readonly slots: SlotSet;
}

const JOB_LENGTH = 40;

/** Reads what follows the opcode. Throws RdbError. */
export function readSlotImport(reader: RdbReader): SlotImport {
  const job = reader.str();
  if (job.length !== JOB_LENGTH) throw corrupt(`the name of a slot import has ${job.length} characters`);
  const slots = new SlotSet();
  for (let left = reader.len(); left > 0; left--) {
    const [first, last] = [reader.len(), reader.len()];
    if (first > last || last >= SLOT_COUNT) throw corrupt(`slots ${first}-${last} of a slot import`);
    slots.addRange(first, last);
  }
  return { job, slots };
}
