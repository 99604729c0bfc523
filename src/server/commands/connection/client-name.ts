// The rule for connection names (CLIENT SETNAME, HELLO SETNAME).
import { ErrorReply } from '../../../resp/server-reply.js';

export const BAD_NAME = new ErrorReply('ERR Client names cannot contain spaces, newlines or special characters.');

/** Printable ASCII without blanks; the empty name removes the name. */
export function isClientName(name: string): boolean {
  return /^[!-~]*$/.test(name);
}
