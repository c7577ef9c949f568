// Turns what a terminal sends into keys, pastes and focus changes. Reads the bytes itself: a key repeated fast, a
// sequence split between two packets and pasted text all arrive as they like, and none of them may be lost, torn or run
// as commands. Sequences: ECMA-48 (CSI, SS3), xterm's control sequences (bracketed paste, focus events).

import type { Clock } from '../../ports/clock.js';
import type { Key, TerminalEvent } from './terminal.js';

/** What of the terminal's events comes as bytes, and its answer to the question whether it is there. */
export type TerminalInput = Extract<TerminalEvent, { kind: 'key' | 'paste' | 'focus' }> | { readonly kind: 'answer' };

/** An escape byte without more after it is the Escape key once this has passed: packets of one sequence come closer. */
export const ESCAPE_WAIT_MS = 40;
/** A paste that never ends must not fill the memory. */
const MAX_PASTE_CHARS = 1_000_000;

const ESC = '\u001b';
const PASTE_END = `${ESC}[201~`;
const LONGEST_SEQUENCE = 32;
/** To DSR 5: the terminal is well. */
const ANSWER = '[0n';

export class KeyDecoder {
  readonly #clock: Clock;
  readonly #emit: (input: TerminalInput) => void;
  readonly #graphemes = new Intl.Segmenter(undefined, { granularity: 'grapheme' });
  #pending = '';
  #paste: string | undefined;
  #wait: AbortController | undefined;

  constructor(clock: Clock, emit: (input: TerminalInput) => void) {
    this.#clock = clock;
    this.#emit = emit;
  }

  /** Takes decoded text, cut anywhere between two characters. */
  feed(text: string): void {
    this.#wait?.abort();
    this.#wait = undefined;
    this.#pending += text;
    while (this.#pending !== '' && this.#step());
    if (this.#pending !== '' && this.#paste === undefined) void this.#endWait();
  }

  /** Forgets what is half read: after the terminal was lent to another program. */
  reset(): void {
    this.#wait?.abort();
    this.#wait = undefined;
    this.#pending = '';
    this.#paste = undefined;
  }

  /** False when more is needed to tell what the pending text begins with. */
  #step(): boolean {
    if (this.#paste !== undefined) return this.#readPaste(this.#paste);
    if (!this.#pending.startsWith(ESC)) return this.#readPlain();
    return this.#readEscape();
  }

  #readPaste(soFar: string): boolean {
    const end = this.#pending.indexOf(PASTE_END);
    // The end mark may be cut in two: what could be its beginning stays pending.
    const take = end === -1 ? Math.max(0, this.#pending.length - PASTE_END.length + 1) : end;
    const text = (soFar + this.#pending.slice(0, take)).slice(0, MAX_PASTE_CHARS);
    this.#pending = this.#pending.slice(end === -1 ? take : end + PASTE_END.length);
    this.#paste = end === -1 ? text : undefined;
    if (end !== -1) this.#emit({ kind: 'paste', text });
    return end !== -1;
  }

  #readPlain(): boolean {
    const next = this.#pending.indexOf(ESC);
    const plain = next === -1 ? this.#pending : this.#pending.slice(0, next);
    this.#pending = next === -1 ? '' : this.#pending.slice(next);
    for (const { segment } of this.#graphemes.segment(plain)) {
      const key = keyOfGrapheme(segment);
      if (key !== undefined) this.#emit({ kind: 'key', key });
    }
    return true;
  }

  #readEscape(): boolean {
    const rest = this.#pending.slice(1);
    if (rest === '') return false;
    if (rest.startsWith('[') || rest.startsWith('O')) return this.#readSequence(rest);
    const string = STRING.exec(rest)?.[0];
    if (string !== undefined) {
      this.#pending = rest.slice(string.length);
      return true;
    }
    if (STRING_BEGUN.test(rest)) return false;
    // Escape and another key, typed or sent in one packet: no key of ours is a chord with Alt.
    this.#pending = rest;
    this.#named('escape');
    return true;
  }

  #readSequence(rest: string): boolean {
    const match = rest.startsWith('O') ? /^O[\u0020-\u007e]/.exec(rest) : /^\[[\u0030-\u003f]*[\u0020-\u002f]*[\u0040-\u007e]/.exec(rest);
    if (match === null) {
      if (couldGrow(rest)) return false;
      // No sequence after all: the Escape key, then what was typed.
      this.#pending = rest;
      this.#named('escape');
      return true;
    }
    const sequence = match[0];
    this.#pending = rest.slice(sequence.length);
    this.#sequence(sequence);
    return true;
  }

  #sequence(sequence: string): void {
    if (sequence === '[200~') this.#paste = '';
    else if (sequence === ANSWER) this.#emit({ kind: 'answer' });
    else if (sequence === '[I' || sequence === '[O') this.#emit({ kind: 'focus', focused: sequence === '[I' });
    else {
      const key = keyOfSequence(sequence);
      // Reports nobody asked for (mouse, cursor position, colours) are swallowed.
      if (key !== undefined) this.#named(key);
    }
  }

  /** Nothing followed: what is pending is the Escape key and plain characters. */
  async #endWait(): Promise<void> {
    const wait = new AbortController();
    this.#wait = wait;
    await this.#clock.sleep(ESCAPE_WAIT_MS, wait.signal);
    if (wait.signal.aborted) return;
    this.#wait = undefined;
    const rest = this.#pending.slice(1);
    this.#pending = '';
    this.#named('escape');
    if (rest !== '') this.feed(rest);
  }

  #named(name: string): void {
    this.#emit({ kind: 'key', key: { name, text: null } });
  }
}

// What a terminal answers to an editor that has ended meanwhile: of its colours (OSC), of its settings (DCS).
// eslint-disable-next-line no-control-regex -- it ends with a bell or a string terminator
const STRING = /^(?:\]|P)\d[^\u0007\u001b]*(?:\u0007|\u001b\\)/;
// eslint-disable-next-line no-control-regex -- as above
const STRING_BEGUN = /^(?:\]|P)(?:\d[^\u0007\u001b]{0,200}\u001b?)?$/;

function couldGrow(rest: string): boolean {
  return rest.length < LONGEST_SEQUENCE && /^(O|\[[\u0030-\u003f]*[\u0020-\u002f]*)$/.test(rest);
}

const CONTROL_KEYS: Readonly<Record<string, string>> = {
  '\r': 'enter',
  '\r\n': 'enter',
  '\n': 'enter',
  '\t': 'tab',
  // Terminals send either for the one key.
  '\u0008': 'backspace',
  '\u007f': 'backspace',
  '\u0000': 'ctrl-space',
};

function keyOfGrapheme(grapheme: string): Key | undefined {
  if (grapheme === ' ') return { name: 'space', text: ' ' };
  const named = CONTROL_KEYS[grapheme];
  if (named !== undefined) return { name: named, text: null };
  const code = grapheme.codePointAt(0) ?? 0;
  if (code >= 1 && code <= 26) return { name: `ctrl-${String.fromCharCode(code + 96)}`, text: null };
  // The rest of the control characters is no key of any keyboard.
  return code < 32 || (code >= 0x7f && code < 0xa0) ? undefined : { name: grapheme, text: grapheme };
}

const FINALS: Readonly<Record<string, string>> = {
  A: 'up', B: 'down', C: 'right', D: 'left', H: 'home', F: 'end', P: 'f1', Q: 'f2', R: 'f3', S: 'f4', M: 'enter',
};
const NUMBERED: Readonly<Record<string, string>> = {
  1: 'home', 2: 'insert', 3: 'delete', 4: 'end', 5: 'pageup', 6: 'pagedown', 7: 'home', 8: 'end',
  11: 'f1', 12: 'f2', 13: 'f3', 14: 'f4', 15: 'f5', 17: 'f6', 18: 'f7', 19: 'f8', 20: 'f9', 21: 'f10', 23: 'f11', 24: 'f12',
};

/** Of the mouse (`[M`), or of the cursor's place (`[12;40R`): a key with a letter at its end has no number but 1. */
function isReport(sequence: string, number: string, final: string): boolean {
  return (final === 'M' && sequence.startsWith('[')) || (number !== '' && number !== '1');
}

/** Modified arrows and the like count as the plain key; shift-tab and control-arrows have names of their own. */
function keyOfSequence(sequence: string): string | undefined {
  if (sequence === '[Z') return 'shift-tab';
  const match = /^(?:O|\[)(\d*)(?:;(\d+))?([A-Za-z~])$/.exec(sequence);
  if (match === null) return undefined;
  const [, number = '', modifier, final = ''] = match;
  const name = final === '~' ? NUMBERED[number] : isReport(sequence, number, final) ? undefined : FINALS[final];
  if (name === undefined) return undefined;
  const hasControl = modifier !== undefined && ((Number(modifier) - 1) & 4) !== 0;
  return hasControl ? `ctrl-${name}` : name;
}
