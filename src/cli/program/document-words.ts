// Texts as they stand in documents: addresses taken apart, sentences without the predecessors' marks. Pure.

/**
 * The predecessors' marks before an error message; scripts that read lines look for them, programs that read documents have
 * `code`.
 */
const MARK = /^(\[ERR\] |\*\*\* (ERROR: )?)/;

export function withoutMark(text: string): string {
  return text.replace(MARK, '');
}

/** Host and port of `host:port` as nodes are shown, also with an IPv6 host; undefined for any other text. */
export function splitAddress(text: string): { readonly host: string; readonly port: number } | undefined {
  const found = /^\[?([^\s[\]]+?)\]?:(\d{1,5})$/.exec(text);
  return found === null ? undefined : { host: found[1] ?? '', port: Number(found[2]) };
}
