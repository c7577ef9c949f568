// Checks encoded values to their depth before they are stored or built, so that what one client sends cannot break the
// reader of another, or of this process.

import { byteAt, CODES, type Compound, compoundAt, DecodeError, endOfSized, endOfValue, FIXED_WIDTHS, uint32At } from './wire.js';

/** Compound values nested deeper than this are an attack on the stack, too. */
const DEEPEST_COMPOUND = 64;
const LONGEST_EMPTY_ARRAY = 65_536;
/** Every constructor that AMQP 1.0 has. */
const TYPE_CODES: ReadonlySet<number> = new Set(
  [
    [0x40, 0x41, 0x42, 0x43, 0x44, 0x45],
    [0x50, 0x51, 0x52, 0x53, 0x54, 0x55, 0x56],
    [0x60, 0x61],
    [0x70, 0x71, 0x72, 0x73, 0x74],
    [0x80, 0x81, 0x82, 0x83, 0x84],
    [0x94, 0x98],
    [0xa0, 0xa1, 0xa3, 0xb0, 0xb1, 0xb3],
    [0xc0, 0xc1, 0xd0, 0xd1, 0xe0, 0xf0],
  ].flat(),
);

/**
 * As `endOfValue`, and everything inside is looked at too: a reader will find values of the sizes and counts that are
 * announced. DecodeError.
 */
export function endOfSoundValue(bytes: Buffer, at: number, depth = 0): number {
  if (depth > DEEPEST_COMPOUND) throw new DecodeError('values are nested too deeply');
  const code = byteAt(bytes, at);
  if (code === CODES.described) return endOfSoundValue(bytes, endOfSoundValue(bytes, at + 1, depth + 1), depth + 1);
  checkType(code);
  const end = endOfValue(bytes, at);
  const kind = code >>> 4;
  if (kind === 0xc || kind === 0xd) checkElements(bytes, compoundAt(bytes, at), { isMap: (code & 0x0f) === 1, depth });
  if (kind === 0xe || kind === 0xf) checkArray(bytes, at, depth);
  return end;
}

function checkType(code: number): void {
  if (!TYPE_CODES.has(code)) throw new DecodeError(`0x${code.toString(16)} is no type`);
}

function checkElements(bytes: Buffer, { from, end, count }: Compound, { isMap, depth }: { readonly isMap: boolean; readonly depth: number }): void {
  if (isMap && count % 2 === 1) throw new DecodeError('a map has a key without a value');
  let at = from;
  for (let left = count; left > 0; left -= 1) {
    if (at >= end) throw new DecodeError(`a list or map has fewer than its ${count} elements`);
    at = endOfSoundValue(bytes, at, depth + 1);
  }
  if (at !== end) throw new DecodeError('a list or map is not as long as it says');
}

/** The elements share one constructor, so each is as long as its type, which for the variable ones comes first. */
function checkArray(bytes: Buffer, at: number, depth: number): void {
  const wide = byteAt(bytes, at) >>> 4 === 0xf;
  const end = endOfValue(bytes, at);
  const count = wide ? uint32At(bytes, at + 5) : byteAt(bytes, at + 2);
  let constructorAt = at + (wide ? 9 : 3);
  while (byteAt(bytes, constructorAt) === CODES.described) constructorAt = endOfSoundValue(bytes, constructorAt + 1, depth + 1);
  const code = byteAt(bytes, constructorAt);
  checkType(code);
  const kind = code >>> 4;
  const width = FIXED_WIDTHS[kind];
  let next = constructorAt + 1;
  if (width === undefined) {
    for (let left = count; left > 0 && next <= end; left -= 1) next = endOfSized(bytes, next - 1, kind);
  } else {
    // Elements without bytes could be any number of them.
    if (width === 0 && count > LONGEST_EMPTY_ARRAY) throw new DecodeError(`an array of ${count} elements without content`);
    next += count * width;
  }
  if (next !== end) throw new DecodeError('an array is not as long as it says');
}
