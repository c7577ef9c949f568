// How tones look: select graphic rendition sequences by theme, and plain characters where a terminal has no others.

import type { Line, Tone } from './text.js';
import { width } from './text.js';

export const THEMES = ['default', 'cvd', 'high-contrast', 'mono'] as const;
export type ThemeName = (typeof THEMES)[number];

export interface Look {
  readonly theme: ThemeName;
  /** Characters of ASCII only. */
  readonly ascii: boolean;
}

// The sixteen colours follow the user's own palette. Good is blue, since red and green look alike to one man in twelve.
// `cvd` are the colours of Okabe and Ito, which stay apart for every kind of colour vision.
const SGR: Readonly<Record<ThemeName, Readonly<Record<Tone, string>>>> = {
  default: { plain: '', strong: '1', faint: '2', accent: '36', good: '34', busy: '36', wait: '33', bad: '1;31', muted: '2', selected: '7', banner: '1;7' },
  cvd: {
    plain: '',
    strong: '1',
    faint: '2',
    accent: '38;2;86;180;233',
    good: '38;2;86;180;233',
    busy: '38;2;230;159;0',
    wait: '38;2;240;228;66',
    bad: '1;38;2;213;94;0',
    muted: '38;2;204;121;167',
    selected: '7',
    banner: '1;7',
  },
  'high-contrast': { plain: '', strong: '1', faint: '', accent: '1', good: '1;94', busy: '1;96', wait: '1;93', bad: '1;91', muted: '', selected: '1;7', banner: '1;7' },
  mono: { plain: '', strong: '1', faint: '2', accent: '1', good: '', busy: '', wait: '', bad: '1', muted: '2', selected: '7', banner: '1;7' },
};

/**
 * The line with its looks, and with ASCII in place of what the terminal cannot show; as wide as before. Written the way Ink
 * writes it, one code a sequence and each taken back by its own: a row that Ink has drawn equals the row that was drawn
 * before Ink was there, and is not written again.
 */
export function paintLine(pieces: Line, look: Look): string {
  const codes = SGR[look.theme];
  let painted = '';
  let active: readonly string[] = [];
  for (const { text, tone } of pieces) {
    if (text === '') continue;
    const wanted = codesOf(codes[tone]);
    painted += sequences(active, wanted) + (look.ascii ? asciiText(text) : text);
    active = [...active.filter((code) => wanted.includes(code)), ...wanted.filter((code) => !active.includes(code))];
  }
  return painted + sequences(active, []);
}

const KNOWN = new Map<string, readonly string[]>();

function codesOf(sgr: string): readonly string[] {
  let codes = KNOWN.get(sgr);
  if (codes === undefined) KNOWN.set(sgr, (codes = sgr.match(/38;2;\d+;\d+;\d+|\d+/g) ?? []));
  return codes;
}

/** From some codes to others. */
function sequences(from: readonly string[], to: readonly string[]): string {
  const gone = from.filter((code) => (isIntensity(code) ? !to.includes(code) : !to.some((other) => endOf(other) === endOf(code))));
  const ends = [...new Set(gone.map(endOf))].reverse();
  return [...ends, ...to.filter((code) => !from.includes(code))].map((code) => `\u001B[${code}m`).join('');
}

/** Bold and dim can be on at once, and end together. */
function isIntensity(code: string): boolean {
  return code === '1' || code === '2';
}

function endOf(code: string): string {
  return isIntensity(code) ? '22' : code === '7' ? '27' : '39';
}

const ASCII_OF: Readonly<Record<string, string>> = {
  '─': '-',
  '│': '|',
  '┌': '+',
  '┐': '+',
  '└': '+',
  '┘': '+',
  '·': '.',
  '…': '~',
  '▁': '_',
  '▂': '.',
  '▃': ':',
  '▄': '-',
  '▅': '=',
  '▆': '+',
  '▇': '*',
  '█': '#',
  '▉': '#',
  '▊': '#',
  '▋': '=',
  '▌': '=',
  '▍': '-',
  '▎': '-',
  '▏': '.',
  '°': 'o',
};

/** One character of ASCII for each cell. */
export function asciiText(text: string): string {
  if (/^[ -~]*$/.test(text)) return text;
  let ascii = '';
  for (const { segment } of new Intl.Segmenter(undefined, { granularity: 'grapheme' }).segment(text)) {
    ascii += /^[ -~]$/.test(segment) ? segment : (ASCII_OF[segment] ?? '?'.repeat(width(segment)));
  }
  return ascii;
}
