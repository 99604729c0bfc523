// A number with its noun, for messages of planners and movers. The views write thousands with commas (ui/views/count.ts). Pure.

/** For example `1 slot`, `5461 slots`, `2 libraries`; with a verb `1 slot is`, `5461 slots are`. */
export function counted(count: number, noun: string, [one, many]: readonly [one: string, many: string] = ['', ''], format: (count: number) => string = String): string {
  return count === 1 ? `1 ${noun} ${one}`.trimEnd() : `${format(count)} ${noun.replace(/([^aeiou])y$/, '$1ie')}s ${many}`.trimEnd();
}
