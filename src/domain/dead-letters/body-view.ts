// How a message body of any kind is shown: as JSON, as text, or as bytes.

import type { Json } from '../json.js';
import { utf8Text } from './letter-record.js';

export type BodyView =
  | { readonly encoding: 'json'; readonly value: Json; readonly text: string }
  | { readonly encoding: 'text'; readonly text: string }
  | { readonly encoding: 'base64'; readonly bytes: Uint8Array };

/** JSON only when reading it as numbers loses no digit; text only when every character can be shown. */
export function viewBody(bytes: Uint8Array): BodyView {
  const text = utf8Text(bytes);
  if (text === undefined || UNPRINTABLE.test(text)) return { encoding: 'base64', bytes };
  if (hasUnsafeNumber(text)) return { encoding: 'text', text };
  try {
    return { encoding: 'json', value: JSON.parse(text) as Json, text };
  } catch {
    return { encoding: 'text', text };
  }
}

/** The first bytes as a hex dump: `48 65 6c 6c 6f …`. */
export function hexPreview(bytes: Uint8Array, maxBytes: number): string {
  const shown = Buffer.from(bytes.subarray(0, maxBytes)).toString('hex').replace(/(..)(?=.)/g, '$1 ');
  return bytes.length > maxBytes ? `${shown} …` : shown;
}

// Control characters but for tab, line feed and carriage return: a text with them is bytes in disguise. ESC may stay,
// since texts of terminals are texts; what prints the body takes escape sequences out.
// eslint-disable-next-line no-control-regex -- control characters are what this is about
const UNPRINTABLE = /[\u0000-\u0008\u000B\u000C\u000E-\u001A\u001C-\u001F\u007F]/;
/** Whole numbers of 16 digits or more; the match may also lie inside a string, which costs nothing but the parsed form. */
const LONG_NUMBER = /(?<![\w.])-?\d{16,}(?!\w)/g;

function hasUnsafeNumber(text: string): boolean {
  return (text.match(LONG_NUMBER) ?? []).some((digits) => !Number.isSafeInteger(Number(digits)));
}
