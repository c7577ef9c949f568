// Makes text from messages, handlers and files harmless to a terminal: what cannot be seen must not act.

// A whole escape sequence goes: CSI (ESC [ …), strings such as OSC titles and links (ESC ] … BEL or ESC \), and
// the two-character ones; also in their one-byte C1 forms. ECMA-48, sections 5.3 to 5.6.
// eslint-disable-next-line no-control-regex -- control characters are what this is about
const ESCAPE_SEQUENCE = /(?:\u001B\[|\u009B)[0-?]*[ -/]*[@-~]|(?:\u001B[\]PX^_]|[\u009D\u0090\u0098\u009E\u009F])[^\u0007\u001B\u009C]*(?:\u0007|\u001B\\|\u009C)?|\u001B[ -/]*[0-~]?/g;

// C0 and C1 controls, the bidirectional controls that reorder a line, line separators, and invisible joiners at the
// start of the specials block (U+FEFF and the interlinear annotation marks).
// eslint-disable-next-line no-control-regex -- control characters are what this is about
const INVISIBLE = /[\u0000-\u0008\u000B-\u001F\u007F-\u009F\u061C\u200E\u200F\u2028\u2029\u202A-\u202E\u2066-\u2069\uFEFF\uFFF9-\uFFFB]/g;

/**
 * The text without escape sequences, control characters and bidirectional controls, on one line: line breaks and
 * tabs become single spaces. With `lines`, line breaks and tabs stay.
 */
export function printable(text: string, settings: { readonly lines?: boolean } = {}): string {
  if (/^[ -~]*$/.test(text)) return text;
  const unescaped = text.replace(ESCAPE_SEQUENCE, '').replace(/\r\n?/g, '\n');
  const visible = unescaped.replace(INVISIBLE, '');
  return settings.lines ? visible : visible.replace(/[\n\t]+/g, ' ');
}
