// Job ids: UUIDs that sort by creation, the eight characters people see and type, and the ids of child jobs.

import { createHash } from 'node:crypto';
import { AppError } from './errors.js';

/** What makes the next id larger than the last one of this process. */
export interface UuidV7State {
  readonly unixMs: number;
  /** The 12 bits of rand_a. */
  readonly counter: number;
}

const MAX_COUNTER = 0xfff;
/** The seed leaves the counter's highest bit clear, so at least 2048 ids fit one millisecond before the time is moved on. */
const SEED_MASK = 0x7ff;

/**
 * A UUIDv7 larger than the one made before with `previous`, also inside one millisecond and when the clock is set back.
 * RFC 9562, section 6.2, method 1: rand_a is a counter, seeded with chance each new millisecond and then counted up;
 * when it is full the timestamp moves one millisecond ahead of the clock. `random`: 10 bytes, new for each id.
 */
export function nextUuidV7(previous: UuidV7State | undefined, unixMs: number, random: Uint8Array): { id: string; state: UuidV7State } {
  const state = advance(previous, unixMs, random);
  const bytes = new Uint8Array(16);
  // 48 bits do not fit JavaScript's 32-bit shifts.
  new DataView(bytes.buffer).setUint32(0, Math.floor(state.unixMs / 0x10000));
  new DataView(bytes.buffer).setUint16(4, state.unixMs % 0x10000);
  bytes[6] = 0x70 | (state.counter >> 8);
  bytes[7] = state.counter & 0xff;
  bytes.set(random.subarray(2, 10), 8);
  bytes[8] = 0x80 | ((bytes[8] ?? 0) & 0x3f);
  return { id: format(bytes), state };
}

/** Makes ids one after another. `random(10)` returns that many new bytes. */
export function createIdSource(sources: { nowMs: () => number; random: (bytes: number) => Uint8Array }): () => string {
  let state: UuidV7State | undefined;
  return () => {
    const next = nextUuidV7(state, sources.nowMs(), sources.random(10));
    state = next.state;
    return next.id;
  };
}

/**
 * The id of a parent's child under a key: the same for the same two, so that fanning out again makes no second child.
 * A UUIDv8 (RFC 9562, section 5.8): the parent's first 48 bits, which keeps a family together in an index, then SHA-256
 * over the parent's id and the key.
 */
export function childId(parentId: string, key: string): string {
  const parent = normaliseUuid(parentId);
  const bytes = new Uint8Array(createHash('sha256').update(`${parent}\n${key}`, 'utf8').digest().subarray(0, 16));
  bytes.set(Buffer.from(parent.replaceAll('-', '').slice(0, 12), 'hex'), 0);
  bytes[6] = 0x80 | ((bytes[6] ?? 0) & 0x0f);
  bytes[8] = 0x80 | ((bytes[8] ?? 0) & 0x3f);
  return format(bytes);
}

/** What a person typed to name a job: the whole id in lower case, or the last eight characters of one. */
export type JobReference = { readonly kind: 'id'; readonly id: string } | { readonly kind: 'short'; readonly suffix: string };

/** INPUT_INVALID when the text is neither a UUID (of any version) nor a short id. */
export function parseJobReference(text: string): JobReference {
  const trimmed = text.trim();
  if (isUuid(trimmed)) return { kind: 'id', id: trimmed.toLowerCase() };
  if (isShortId(trimmed)) return { kind: 'short', suffix: trimmed.toLowerCase() };
  const shown = JSON.stringify(trimmed.length > 40 ? `${trimmed.slice(0, 39)}…` : trimmed);
  throw new AppError('INPUT_INVALID', `job id: expected a UUID or its last eight characters, got ${shown}`, {
    hint: 'find ids with `copiloteval list`',
  });
}

/** Any UUID, of any version and in either case: other producers choose theirs. */
export function isUuid(text: string): boolean {
  return /^[\da-f]{8}-[\da-f]{4}-[\da-f]{4}-[\da-f]{4}-[\da-f]{12}$/i.test(text);
}

export function isShortId(text: string): boolean {
  return /^[\da-f]{8}$/i.test(text);
}

/** The last eight characters: chance. (The first eight are the time: equal for all jobs of about a minute.) */
export function shortId(id: string): string {
  return id.slice(-8);
}

function advance(previous: UuidV7State | undefined, unixMs: number, random: Uint8Array): UuidV7State {
  const seed = (((random[0] ?? 0) << 8) | (random[1] ?? 0)) & SEED_MASK;
  if (previous === undefined || unixMs > previous.unixMs) return { unixMs, counter: seed };
  if (previous.counter < MAX_COUNTER) return { unixMs: previous.unixMs, counter: previous.counter + 1 };
  return { unixMs: previous.unixMs + 1, counter: seed };
}

function normaliseUuid(id: string): string {
  if (!isUuid(id)) throw new AppError('INPUT_INVALID', `parent id: expected a UUID, got ${JSON.stringify(id.slice(0, 40))}`);
  return id.toLowerCase();
}

function format(bytes: Uint8Array): string {
  const hex = Buffer.from(bytes.buffer, bytes.byteOffset, 16).toString('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}
