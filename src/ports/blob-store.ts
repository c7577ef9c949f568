// BlobStore: payloads, datasets, artifacts and results too large for a record. A blob is durable before a job names it.

import type { BlobRef } from '../domain/job.js';

export type BlobContent = string | Uint8Array | AsyncIterable<string | Uint8Array>;

/** What may be said of a blob when it is put. */
export interface BlobTerms {
  /** From this instant on it is as if it were not there. Without it, it stays until it is deleted. */
  readonly expiresAt?: number;
  /** Short texts of the caller's own, 4 KiB as JSON together; INPUT_INVALID for more. */
  readonly metadata?: Readonly<Record<string, string>>;
}

export interface BlobInfo {
  readonly bytes: number;
  readonly modifiedAt: number;
  /** Null: until it is deleted. */
  readonly expiresAt: number | null;
  readonly metadata: Readonly<Record<string, string>>;
}

export interface ListedBlob extends Pick<BlobInfo, 'bytes' | 'modifiedAt' | 'expiresAt'> {
  readonly key: string;
}

export interface BlobStore {
  /**
   * Streams the content in; durable (content and directory entry) when this resolves; a crash before leaves nothing under the
   * key, or the content without its terms. Replaces an existing blob as a whole, with its terms.
   */
  put(key: string, content: BlobContent, terms?: BlobTerms): Promise<BlobRef>;
  /** Stores under a key made from the content's SHA-256 below `prefix`: the same content twice is one blob. */
  putByHash(prefix: string, content: BlobContent): Promise<BlobRef>;
  /** Streams the content out. BLOB_NOT_FOUND; BLOB_CORRUPT at the end of the stream when `expect` is given and does not match. */
  read(key: string, expect?: { readonly sha256: string; readonly bytes: number }): AsyncIterable<Uint8Array>;
  /** Undefined when there is none. */
  info(key: string): Promise<BlobInfo | undefined>;
  exists(key: string): Promise<boolean>;
  /** Deleting what is not there is fine. */
  delete(key: string): Promise<void>;
  /** Keys below a prefix with their age, also those whose time is over: for sweeping. */
  list(prefix: string): AsyncIterable<ListedBlob>;
}
