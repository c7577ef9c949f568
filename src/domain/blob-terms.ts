// The terms of a stored file as they are kept beside it: its end, and the caller's own texts.

import { AppError } from './errors.js';

export interface KeptTerms {
  readonly expiresAt: number | null;
  readonly metadata: Readonly<Record<string, string>>;
}

export const NO_TERMS: KeptTerms = { expiresAt: null, metadata: {} };

/** Blob Storage takes 8 KiB with the names and an encoding that adds a third. */
const MAX_METADATA_BYTES = 4_096;

/** Undefined when there is nothing to keep. INPUT_INVALID when it is too much. */
export function encodeTerms(terms: { readonly expiresAt?: number; readonly metadata?: Readonly<Record<string, string>> } = {}): string | undefined {
  const { expiresAt = null, metadata = {} } = terms;
  const bytes = Buffer.byteLength(JSON.stringify(metadata));
  if (bytes > MAX_METADATA_BYTES) throw new AppError('INPUT_INVALID', `metadata of a stored file: at most ${MAX_METADATA_BYTES} bytes as JSON, got ${bytes}`);
  return expiresAt === null && Object.keys(metadata).length === 0 ? undefined : JSON.stringify({ expiresAt, metadata });
}

/** Text that somebody else wrote there, or that is damaged, keeps the file: it has no end then. */
export function decodeTerms(text: string | undefined): KeptTerms {
  if (text === undefined) return NO_TERMS;
  try {
    const { expiresAt, metadata } = JSON.parse(text) as Partial<KeptTerms>;
    return { expiresAt: typeof expiresAt === 'number' ? expiresAt : null, metadata: typeof metadata === 'object' ? metadata : {} };
  } catch {
    return NO_TERMS;
  }
}

export function isOver({ expiresAt }: Pick<KeptTerms, 'expiresAt'>, now: number): boolean {
  return expiresAt !== null && expiresAt <= now;
}
