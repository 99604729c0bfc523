// Draws a Pick (pick.ts) at a terminal: typed and pasted words, arrow keys over the matching choices. Loaded only when a
// question is asked.
import { createPrompt, isDownKey, isUpKey, makeTheme, usePagination, useKeypress, usePrefix, useRef, useState } from '@inquirer/core';
import { messageOf } from '../errors.js';
import { visible } from '../resp/visible.js';
import { NOTHING_PICKED, pickChoice, pickWords, type Pick, type Picked } from './pick.js';
import { wrapWords } from './wrap.js';

/** A line of the list: a choice, or a word that ends the list. */
interface Line {
  readonly name: string;
  readonly also: string;
  readonly take: (picked: Picked<unknown>) => Picked<unknown>;
}

/** `done` comes first once it is permitted: Enter alone then ends the list and never adds a choice. */
function linesOf(pick: Pick<unknown>, picked: Picked<unknown>): Line[] {
  const free = pick.choices.filter(({ value }) => !picked.values.includes(value));
  const lines = free.map((choice): Line => ({ name: visible(choice.name), also: choice.also ?? '', take: (before) => pickChoice(pick, before, choice) }));
  if (pick.several === undefined) return lines;
  const word = (text: string, name: string): Line => ({ name, also: '', take: (before) => pickWords(pick, before, text) });
  return picked.values.length > 0 ? [word('done', 'done'), ...lines] : [...lines, word('all', pick.several.all.name)];
}

function matching(lines: readonly Line[], typed: string): readonly Line[] {
  const words = typed.trim().toLowerCase();
  return words === '' ? lines : lines.filter(({ name, also }) => name.toLowerCase().includes(words) || also.startsWith(words));
}

/** The effect of all keys so far. Kept apart from the drawn state, because a paste brings many keys before the next drawing. */
interface State {
  picked: Picked<unknown>;
  typed: string;
  active: number;
  error: string;
  /** The last key was CR: an LF after it belongs to the same line end. */
  returned: boolean;
}

function enter(pick: Pick<unknown>, state: State): void {
  const { typed, picked, active } = state;
  const line = matching(linesOf(pick, picked), typed)[active];
  try {
    // Arrow keys select among the matches. Typed words alone mean what they name, never the marked line.
    const take = typed.trim() === '' || active > 0 ? line?.take : undefined;
    state.picked = take === undefined ? pickWords(pick, picked, typed) : take(picked);
    state.error = '';
  } catch (error) {
    state.error = visible(messageOf(error));
  }
  state.typed = '';
  state.active = 0;
}

const PAGE = 12;

/** A question and its answer on one line, or the answer below when they are too long; `mark` before them is one column wide. */
function answered(mark: string, question: string, name: string, style: (text: string) => string, columns: number): string {
  const between = question.length + name.length + 3 <= columns ? ' ' : '\n  ';
  return `${mark} ${question}${between}${style(name)}`;
}

/** Asks; resolves with all that was chosen. */
export const pickPrompt = createPrompt<Picked<unknown>, { readonly pick: Pick<unknown>; readonly columns: number }>(({ pick, columns }, done) => {
  const { current: state } = useRef<State>({ picked: NOTHING_PICKED, typed: '', active: 0, error: '', returned: false });
  const [, redraw] = useState({});
  const theme = makeTheme({});
  const prefix = usePrefix({ status: state.picked.complete ? 'done' : 'idle', theme });

  useKeypress((key, rl) => {
    if (state.picked.complete) return;
    const sameLineEnd = key.name === 'enter' && state.returned;
    state.returned = key.name === 'return';
    if (sameLineEnd) return;
    if (key.name === 'enter' || key.name === 'return') enter(pick, state);
    else if (isUpKey(key) || isDownKey(key)) {
      const shown = matching(linesOf(pick, state.picked), state.typed);
      state.active = Math.max(0, Math.min(shown.length - 1, state.active + (isUpKey(key) ? -1 : 1)));
      rl.line = state.typed; // Otherwise readline's history would replace it.
    } else {
      if (rl.line !== state.typed) state.active = 0;
      state.typed = rl.line;
      state.error = '';
    }
    redraw({});
    if (state.picked.complete) done(state.picked);
  });

  const shown = matching(linesOf(pick, state.picked), state.typed);
  const page = usePagination({
    items: shown,
    active: Math.min(state.active, Math.max(0, shown.length - 1)),
    renderItem: ({ item, isActive }) => (isActive ? theme.style.highlight(`❯ ${item.name}`) : `  ${item.name}`),
    pageSize: PAGE,
    loop: false,
  });
  const chosen = state.picked.names.map((name, index) => answered(prefix, pick.question(index + 1), visible(name), theme.style.answer, columns));
  const intro = (pick.intro ?? []).map((line) => wrapWords(line, columns));
  if (state.picked.complete) return [...intro, ...chosen].join('\n');
  const question = `${prefix} ${pick.question(state.picked.values.length + 1)} ${state.typed}`;
  return [[...intro, ...chosen, question].join('\n'), [state.error === '' ? '' : theme.style.error(state.error), page].filter((part) => part !== '').join('\n')];
});
