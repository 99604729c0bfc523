// The manifest of a multi-part append-only file: which files belong to it, in which order (persistence-replication.md 3.3).
// Text only.
import { splitLine } from '../resp/inline.js';

/** One file of the set. */
export interface AofPart {
  /** Name in the folder, a binary string. */
  readonly name: string;
  readonly seq: number;
}

export interface AofManifest {
  readonly base: AofPart | null;
  /** Ascending by seq. */
  readonly increments: readonly AofPart[];
  /** Files of earlier rewrites, to be deleted; some may be gone already. */
  readonly history: readonly AofPart[];
  /** The highest seq so far of a base file, and of an incremental file. */
  readonly baseSeq: number;
  readonly incrementSeq: number;
}

/** The text is not a manifest; `line` counts from 1. */
export class ManifestError extends Error {
  constructor(reason: string, readonly line: number, readonly text: string) {
    super(reason);
    this.name = 'ManifestError';
  }
}

export const EMPTY_MANIFEST: AofManifest = { base: null, increments: [], history: [], baseSeq: 0, incrementSeq: 0 };

/** Maximum bytes of a line with its line end. */
const LONGEST_LINE = 1024;
const FORMAT = 'Invalid AOF manifest file format';

interface Line {
  readonly part: AofPart;
  readonly type: string;
}

/** Reads the text of a manifest. Throws ManifestError. */
export function parseManifest(text: string): AofManifest {
  if (text === '') throw new ManifestError('Found an empty AOF manifest', 0, '');
  const lines = text.split('\n');
  const last = lines.pop()!;
  if (last !== '') throw new ManifestError('The AOF manifest file contains too long line', lines.length + 1, last);
  let manifest = EMPTY_MANIFEST;
  lines.forEach((line, index) => {
    if (line.length >= LONGEST_LINE) throw new ManifestError('The AOF manifest file contains too long line', index + 1, line);
    if (!line.startsWith('#')) manifest = withLine(manifest, parseLine(line, index + 1), index + 1, line);
  });
  return manifest;
}

function parseLine(line: string, number: number): Line {
  const words = splitLine(line.trim());
  if (line.trim() === '' || words === null || words.length < 6 || words.length % 2 !== 0) throw new ManifestError(FORMAT, number, line);
  let [name, seq, type] = ['', 0, ''];
  for (let i = 0; i < words.length; i += 2) {
    const value = words[i + 1]!;
    const key = words[i]!.toLowerCase();
    if (key === 'file') name = value;
    else if (key === 'seq') seq = /^\d{1,15}$/.test(value) ? Number(value) : 0;
    else if (key === 'type') type = value.charAt(0);
  }
  if (name.includes('/')) throw new ManifestError("File can't be a path, just a filename", number, line);
  if (name === '' || seq === 0 || type === '') throw new ManifestError(FORMAT, number, line);
  return { part: { name, seq }, type };
}

function withLine(manifest: AofManifest, { part, type }: Line, number: number, line: string): AofManifest {
  const { base, increments, history, baseSeq, incrementSeq } = manifest;
  switch (type) {
    case 'b':
      if (base !== null) throw new ManifestError('Found duplicate base file information', number, line);
      return { ...manifest, base: part, baseSeq: part.seq };
    case 'h':
      return { ...manifest, history: [...history, part], baseSeq };
    case 'i':
      if (part.seq <= incrementSeq) throw new ManifestError('Found a non-monotonic sequence number', number, line);
      return { ...manifest, increments: [...increments, part], incrementSeq: part.seq };
    default:
      throw new ManifestError('Unknown AOF file type', number, line);
  }
}

/** The text of a manifest: base, history, increments, each line with its end. */
export function formatManifest({ base, history, increments }: AofManifest): string {
  const line = (part: AofPart, type: string): string => `file ${quoted(part.name)} seq ${part.seq} type ${type}\n`;
  return [
    ...(base === null ? [] : [line(base, 'b')]),
    ...history.map((part) => line(part, 'h')),
    ...increments.map((part) => line(part, 'i')),
  ].join('');
}

/** A name with blanks, quotes or bytes that do not print, so that splitLine reads it back. */
function quoted(name: string): string {
  if (/^[!#-&(-[\]-~]+$/.test(name)) return name;
  const escaped = name.replace(/["\\]/g, '\\$&').replace(/[^ -~]/g, (c) => `\\x${c.charCodeAt(0).toString(16).padStart(2, '0')}`);
  return `"${escaped}"`;
}
