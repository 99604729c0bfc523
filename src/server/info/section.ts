// A section of INFO. Fields of Redis for which this node has no data are left out.
import type { NodeServices } from '../exec/context.js';

export type Field = readonly [name: string, value: string | number];

export interface InfoSection {
  /** As clients request it, lower case. */
  readonly name: string;
  /** As in its heading. */
  readonly title: string;
  /** Part of INFO without arguments. */
  readonly byDefault: boolean;
  fields(node: NodeServices): readonly Field[];
}

/** Bytes for display, as Redis prints them: 512B, 1.50K, 2.00M. */
export function humanBytes(bytes: number): string {
  if (bytes < 1024) return `${bytes}B`;
  const units = ['K', 'M', 'G', 'T', 'P'];
  const power = Math.min(Math.floor(Math.log2(bytes) / 10), units.length);
  return `${(bytes / 1024 ** power).toFixed(2)}${units[power - 1]!}`;
}
