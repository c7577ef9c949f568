// Walks encoded AMQP values without building them: where each one ends, and the few that the broker reads itself. What is
// passed through stays as the sender wrote it.
// Encodings: http://docs.oasis-open.org/amqp/core/v1.0/os/amqp-core-types-v1.0-os.html#section-encodings

/** The bytes are not AMQP, or not of the expected type. */
export class DecodeError extends Error {
  override readonly name = 'DecodeError';
}

export const CODES = {
  described: 0x00,
  null: 0x40,
  true: 0x41,
  false: 0x42,
  uint0: 0x43,
  ulong0: 0x44,
  list0: 0x45,
  ubyte: 0x50,
  smallUint: 0x52,
  smallUlong: 0x53,
  smallInt: 0x54,
  smallLong: 0x55,
  boolean: 0x56,
  uint: 0x70,
  int: 0x71,
  ulong: 0x80,
  long: 0x81,
  timestamp: 0x83,
  uuid: 0x98,
  binary8: 0xa0,
  string8: 0xa1,
  symbol8: 0xa3,
  binary32: 0xb0,
  string32: 0xb1,
  symbol32: 0xb3,
  list8: 0xc0,
  map8: 0xc1,
  list32: 0xd0,
  map32: 0xd1,
} as const;

/** Descriptors nested deeper than this are an attack on the stack, not a message. */
const DEEPEST = 16;
/** Bytes after the constructor, by its upper four bits, for values of fixed width. */
export const FIXED_WIDTHS: Readonly<Record<number, number>> = { 0x4: 0, 0x5: 1, 0x6: 2, 0x7: 4, 0x8: 8, 0x9: 16 };

/** The offset behind the value that starts at `at`. What is inside compound values is not looked at. */
export function endOfValue(bytes: Buffer, at: number, depth = 0): number {
  const code = byteAt(bytes, at);
  if (code === CODES.described) {
    if (depth >= DEEPEST) throw new DecodeError('descriptors are nested too deeply');
    return endOfValue(bytes, endOfValue(bytes, at + 1, depth + 1), depth + 1);
  }
  const kind = code >>> 4;
  const width = FIXED_WIDTHS[kind];
  const end = width !== undefined ? at + 1 + width : endOfSized(bytes, at, kind);
  if (end > bytes.length) throw new DecodeError(`a value at byte ${at} ends behind the ${bytes.length} bytes there are`);
  return end;
}

/** As `endOfValue`, for a value of this kind whose constructor would be at `at`. */
export function endOfSized(bytes: Buffer, at: number, kind: number): number {
  if (kind === 0xa || kind === 0xc || kind === 0xe) return at + 2 + byteAt(bytes, at + 1);
  if (kind === 0xb || kind === 0xd || kind === 0xf) return at + 5 + uint32At(bytes, at + 1);
  throw new DecodeError(`0x${byteAt(bytes, at).toString(16)} at byte ${at} is no type`);
}

/** Of a list or map: where its elements start and end, and how many there are. */
export interface Compound {
  readonly from: number;
  readonly end: number;
  readonly count: number;
}

export function compoundAt(bytes: Buffer, at: number): Compound {
  const code = byteAt(bytes, at);
  const end = endOfValue(bytes, at);
  if (code === CODES.list0) return { from: end, end, count: 0 };
  if (code === CODES.list8 || code === CODES.map8) return { from: at + 3, end, count: byteAt(bytes, at + 2) };
  if (code === CODES.list32 || code === CODES.map32) return { from: at + 9, end, count: uint32At(bytes, at + 5) };
  throw new DecodeError(`expected a list or map at byte ${at}, got 0x${code.toString(16)}`);
}

/** Where each element of a list starts. */
export function elementsOf(bytes: Buffer, at: number): number[] {
  const { from, end, count } = compoundAt(bytes, at);
  const offsets: number[] = [];
  for (let next = from; offsets.length < count && next < end; next = endOfValue(bytes, next)) offsets.push(next);
  return offsets;
}

/** Null for null. */
export function unsignedAt(bytes: Buffer, at: number): number | null {
  const code = byteAt(bytes, at);
  endOfValue(bytes, at);
  if (code === CODES.null) return null;
  if (code === CODES.uint0 || code === CODES.ulong0) return 0;
  if (code === CODES.ubyte || code === CODES.smallUint || code === CODES.smallUlong) return byteAt(bytes, at + 1);
  if (code === CODES.uint) return uint32At(bytes, at + 1);
  if (code === CODES.ulong) return Number(bytes.readBigUInt64BE(at + 1));
  throw new DecodeError(`expected an unsigned number at byte ${at}, got 0x${code.toString(16)}`);
}

export function booleanAt(bytes: Buffer, at: number): boolean {
  const code = byteAt(bytes, at);
  if (code === CODES.boolean) return byteAt(bytes, at + 1) !== 0;
  if (code === CODES.true) return true;
  if (code === CODES.false || code === CODES.null) return false;
  throw new DecodeError(`expected a boolean at byte ${at}, got 0x${code.toString(16)}`);
}

/** Strings and symbols; undefined for anything else. */
export function textAt(bytes: Buffer, at: number): string | undefined {
  const code = byteAt(bytes, at);
  const end = endOfValue(bytes, at);
  if (code === CODES.string8 || code === CODES.symbol8) return bytes.toString('utf8', at + 2, end);
  if (code === CODES.string32 || code === CODES.symbol32) return bytes.toString('utf8', at + 5, end);
  return undefined;
}

/** Milliseconds; undefined for anything that is no point in time. A long is taken for one: some senders write that. */
export function timestampAt(bytes: Buffer, at: number): number | undefined {
  const code = byteAt(bytes, at);
  endOfValue(bytes, at);
  if (code === CODES.timestamp || code === CODES.long) return Number(bytes.readBigInt64BE(at + 1));
  return undefined;
}

/** The content of a binary; undefined for anything else. Shares its memory. */
export function binaryAt(bytes: Buffer, at: number): Buffer | undefined {
  const code = byteAt(bytes, at);
  const end = endOfValue(bytes, at);
  if (code === CODES.binary8) return bytes.subarray(at + 2, end);
  if (code === CODES.binary32) return bytes.subarray(at + 5, end);
  return undefined;
}

export function byteAt(bytes: Buffer, at: number): number {
  const byte = bytes[at];
  if (byte === undefined) throw new DecodeError(`the value ends at byte ${bytes.length}`);
  return byte;
}

export function uint32At(bytes: Buffer, at: number): number {
  if (at + 4 > bytes.length) throw new DecodeError(`the value ends at byte ${bytes.length}`);
  return bytes.readUInt32BE(at);
}
