// Typing into one line of text. Cursors count graphemes, so that no key lands inside a character.

import { graphemes } from '../text.js';
import type { Key } from '../terminal/terminal.js';

export interface TypedText {
  readonly text: string;
  readonly cursor: number;
}

const MAX_CHARACTERS = 20_000;

/** Undefined when the key is not one for text. */
export function typeKey(typed: TypedText, key: Key): TypedText | undefined {
  const parts = graphemes(typed.text);
  const { cursor } = typed;
  switch (key.name) {
    case 'backspace':
    case 'delete':
      return cursor === 0 ? typed : { text: joined(parts.slice(0, cursor - 1), parts.slice(cursor)), cursor: cursor - 1 };
    case 'left':
      return { ...typed, cursor: Math.max(0, cursor - 1) };
    case 'right':
      return { ...typed, cursor: Math.min(parts.length, cursor + 1) };
    case 'home':
    case 'ctrl-a':
      return { ...typed, cursor: 0 };
    case 'end':
    case 'ctrl-e':
      return { ...typed, cursor: parts.length };
    case 'ctrl-u':
      return { text: joined(parts.slice(cursor)), cursor: 0 };
    case 'ctrl-k':
      return { text: joined(parts.slice(0, cursor)), cursor };
    case 'ctrl-w':
      return withoutWord(parts, cursor);
    default:
      return key.text === null ? undefined : insert(typed, key.text);
  }
}

/** Line breaks and tabs become blanks: the field is one line. */
export function insert(typed: TypedText, text: string): TypedText {
  const parts = graphemes(typed.text);
  const added = graphemes(text.replace(/[\r\n\t]+/g, ' '));
  if (parts.length + added.length > MAX_CHARACTERS) return typed;
  return { text: joined(parts.slice(0, typed.cursor), added, parts.slice(typed.cursor)), cursor: typed.cursor + added.length };
}

export function typedText(text: string): TypedText {
  return { text, cursor: graphemes(text).length };
}

function withoutWord(parts: readonly string[], cursor: number): TypedText {
  let start = cursor;
  while (start > 0 && parts[start - 1] === ' ') start -= 1;
  while (start > 0 && parts[start - 1] !== ' ') start -= 1;
  return { text: joined(parts.slice(0, start), parts.slice(cursor)), cursor: start };
}

function joined(...lists: readonly (readonly string[])[]): string {
  return lists.flat().join('');
}
