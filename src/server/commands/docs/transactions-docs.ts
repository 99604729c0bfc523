// Arguments of the transactions commands as COMMAND DOCS lists them; data only, read when somebody asks.
import type { ArgumentDocs } from './argument-docs.js';

export const transactionsDocs: ArgumentDocs = {
  'watch': [{"name":"key","type":"key","key_spec_index":0,"flags":["multiple"]}],
};
