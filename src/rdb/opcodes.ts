// Opcodes of RDB files: the first byte of an item that is not a key (persistence-replication.md 1.2). And the operands of
// module data (1.7).

export const RdbOpcode = {
  /** Of Valkey 9.1 only (VALKEY080). */
  slotImport: 0xf3,
  slotInfo: 0xf4,
  function: 0xf5,
  functionPreGa: 0xf6,
  moduleAux: 0xf7,
  idle: 0xf8,
  freq: 0xf9,
  aux: 0xfa,
  resizeDb: 0xfb,
  expireMs: 0xfc,
  expireSeconds: 0xfd,
  selectDb: 0xfe,
  eof: 0xff,
} as const;

/** Operands in the data of a module; `end` ends it. */
export const ModuleOpcode = { end: 0, signed: 1, unsigned: 2, float: 3, double: 4, string: 5 } as const;
