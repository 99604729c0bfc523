// Data of modules: the type name in a module id, and how to skip data that only the module can decode
// (persistence-replication.md 1.7).

import { ModuleOpcode } from './opcodes.js';
import { corrupt } from './rdb-error.js';
import type { RdbReader } from './rdb-reader.js';

const CHARSET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
const NAME_LENGTH = 9;
/** The lowest bits of an id are the version of the encoding. */
const VERSION_BITS = 10n;

/** The nine characters of a module's type name. */
export function moduleName(id: number | bigint): string {
  let bits = BigInt(id) >> VERSION_BITS;
  let name = '';
  for (let i = 0; i < NAME_LENGTH; i++) {
    name = CHARSET.charAt(Number(bits & 63n)) + name;
    bits >>= 6n;
  }
  return name;
}

/** Skips operands up to and including the end. Throws RdbError `truncated` or `corrupt`. */
export function skipModuleData(reader: RdbReader): void {
  for (;;) {
    const opcode = reader.len();
    if (opcode === ModuleOpcode.end) return;
    if (opcode === ModuleOpcode.signed || opcode === ModuleOpcode.unsigned) reader.bigLen();
    else if (opcode === ModuleOpcode.float) reader.raw(4);
    else if (opcode === ModuleOpcode.double) reader.raw(8);
    else if (opcode === ModuleOpcode.string) reader.blob();
    else throw corrupt(`module opcode ${opcode}`);
  }
}
