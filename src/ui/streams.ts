// The stream types that io.ts and the drawing code need. Only types; the process's streams are opened in io.ts.

/** An output stream: a process stream, or a collector in a test. */
export type OutputStream = NodeJS.WritableStream & { readonly isTTY?: boolean; columns?: number };
export type InputStream = NodeJS.ReadableStream & { readonly isTTY?: boolean };

export interface Streams {
  readonly stdin: InputStream;
  readonly stdout: OutputStream;
  readonly stderr: OutputStream;
}
