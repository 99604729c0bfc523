// The streams of a terminal as io.ts and what it draws need them. Types alone: the process' own are taken in io.ts.

/** An output stream: a process stream, or a collector in a test. */
export type OutputStream = NodeJS.WritableStream & { readonly isTTY?: boolean; columns?: number };
export type InputStream = NodeJS.ReadableStream & { readonly isTTY?: boolean };

export interface Streams {
  readonly stdin: InputStream;
  readonly stdout: OutputStream;
  readonly stderr: OutputStream;
}
