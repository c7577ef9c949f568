// AzureBlobStore: the BlobStore port on a container of Azure Blob Storage (@azure/storage-blob).

import { createHash } from 'node:crypto';
import type { Readable } from 'node:stream';

import type { BlockBlobClient, ContainerClient, StoragePipelineOptions } from '@azure/storage-blob';

import { checkKey, checkKeyPrefix, keyOfHash } from '../../domain/blob-key.js';
import { decodeTerms, encodeTerms, isOver, type KeptTerms } from '../../domain/blob-terms.js';
import { AppError } from '../../domain/errors.js';
import type { BlobRef } from '../../domain/job.js';
import type { BlobContent, BlobInfo, BlobStore, BlobTerms, ListedBlob } from '../../ports/blob-store.js';
import type { Clock } from '../../ports/clock.js';
import { isBlockGone, isContainerMissing, isNotFound, toAppError } from './azure-errors.js';
import { keyOfName, nameOfKey, nameOfPrefix } from './blob-name.js';
import { addressOf, type BlobAccount, openContainer } from './open-container.js';
import { IN_MEMORY_BYTES, spool, type Spooled } from './spool.js';

export interface AzureBlobOptions {
  readonly account: BlobAccount;
  /** Made with the first blob when it is not there and the credential may do so. */
  readonly container: string;
  /** All keys are below it; none when empty. */
  readonly folder?: string;
  readonly clock: Pick<Clock, 'now'>;
  readonly pipeline?: StoragePipelineOptions;
}

/** One try of one request. */
const TRY_TIMEOUT_MS = 120_000;
/** What does not fit into memory goes up in such pieces, so that each passes over a slow line in its time. */
const BLOCKS = { blockSize: IN_MEMORY_BYTES, maxSingleShotSize: IN_MEMORY_BYTES, concurrency: 4 };
/** Of a blob in blocks: whoever stores the same blob at the same time takes the blocks of the other away. */
const MAX_UPLOADS = 4;
const ANY_SHA256 = '0'.repeat(64);

export class AzureBlobStore implements BlobStore {
  readonly #container: ContainerClient;
  readonly #above: string;
  readonly #clock: Pick<Clock, 'now'>;

  /** Connects to nothing yet. CONFIG_INVALID for a connection string that is none. */
  constructor({ account, container, folder = '', clock, pipeline }: AzureBlobOptions) {
    this.#above = folder === '' ? '' : `${nameOfKey(folder)}/`;
    this.#clock = clock;
    this.#container = openContainer(account, container, { retryOptions: { maxTries: 4, tryTimeoutInMs: TRY_TIMEOUT_MS, maxRetryDelayInMs: 5_000 }, ...pipeline });
  }

  /**
   * The service shows a blob when it has all of it, so a crash before leaves nothing under the key. A request is repeated
   * when its answer is lost: the same content is then stored twice over.
   */
  async put(key: string, content: BlobContent, terms?: BlobTerms): Promise<BlobRef> {
    checkKey(key);
    return this.#write(content, () => key, encodeTerms(terms));
  }

  /** Content that is there already is written again: that makes it young, and whole if it was damaged. */
  async putByHash(prefix: string, content: BlobContent): Promise<BlobRef> {
    checkKey(keyOfHash(prefix, ANY_SHA256));
    return this.#write(content, ({ sha256 }) => keyOfHash(prefix, sha256));
  }

  async *read(key: string, expect?: { readonly sha256: string; readonly bytes: number }): AsyncGenerator<Uint8Array> {
    checkKey(key);
    const hash = createHash('sha256');
    let bytes = 0;
    for await (const chunk of this.#download(key)) {
      if (expect !== undefined) hash.update(chunk);
      bytes += chunk.length;
      yield chunk;
    }
    const sha256 = expect === undefined ? '' : hash.digest('hex');
    if (expect !== undefined && (bytes !== expect.bytes || sha256 !== expect.sha256)) {
      throw new AppError('BLOB_CORRUPT', `stored file ${key}: expected ${expect.bytes} bytes with SHA-256 ${expect.sha256}, got ${bytes} bytes with ${sha256}`, {
        hint: 'put the file back from a copy, or submit the job again',
        details: { key },
      });
    }
  }

  async info(key: string): Promise<BlobInfo | undefined> {
    checkKey(key);
    return this.#call(async () => {
      try {
        const { contentLength = 0, lastModified, metadata } = await this.#blob(key).getProperties();
        const terms = termsOf(metadata);
        return isOver(terms, this.#clock.now()) ? undefined : { bytes: contentLength, modifiedAt: lastModified?.getTime() ?? 0, ...terms };
      } catch (error) {
        if (isNotFound(error)) return undefined;
        throw error;
      }
    });
  }

  async exists(key: string): Promise<boolean> {
    checkKey(key);
    return (await this.info(key)) !== undefined;
  }

  async delete(key: string): Promise<void> {
    checkKey(key);
    await this.#call(async () => {
      try {
        await this.#blob(key).deleteIfExists();
      } catch (error) {
        if (!isNotFound(error)) throw error;
      }
    });
  }

  async *list(prefix: string): AsyncGenerator<ListedBlob> {
    checkKeyPrefix(prefix);
    const blobs = this.#container.listBlobsFlat({ prefix: `${this.#above}${nameOfPrefix(prefix)}`, includeMetadata: true });
    for (;;) {
      const next = await this.#call(() => blobs.next()).catch((error: unknown) => {
        if (error instanceof AppError && isNotFound(error.cause)) return { done: true as const, value: undefined };
        throw error;
      });
      if (next.done === true) return;
      const { name, properties, metadata } = next.value;
      const key = keyOfName(name.slice(this.#above.length));
      if (key.startsWith(prefix)) yield { key, bytes: properties.contentLength ?? 0, modifiedAt: properties.lastModified.getTime(), expiresAt: termsOf(metadata).expiresAt };
    }
  }

  async #write(content: BlobContent, keyOf: (spooled: Spooled) => string, terms?: string): Promise<BlobRef> {
    const spooled = await spool(content);
    try {
      const key = keyOf(spooled);
      await this.#call(() => this.#upload(key, spooled, terms));
      return { key, sha256: spooled.sha256, bytes: spooled.bytes };
    } finally {
      await spooled.discard();
    }
  }

  async #upload(key: string, { body, bytes, sha256 }: Spooled, terms: string | undefined): Promise<void> {
    // Headers are ASCII.
    const about = terms === undefined ? {} : { [TERMS]: Buffer.from(terms).toString('base64url') };
    const metadata = { sha256, ...about };
    const blob = this.#blob(key);
    for (let tries = 1; ; tries += 1) {
      try {
        await ('kept' in body ? blob.upload(body.kept, bytes, { metadata }) : blob.uploadFile(body.file, { ...BLOCKS, metadata }));
        return;
      } catch (error) {
        if (tries === MAX_UPLOADS) throw error;
        if (isContainerMissing(error)) await this.#container.createIfNotExists();
        else if (!isBlockGone(error)) throw error;
        else if (await isStored(blob, metadata)) return;
      }
    }
  }

  async *#download(key: string): AsyncGenerator<Uint8Array> {
    try {
      const { readableStreamBody, metadata } = await this.#blob(key).download(0, undefined, { maxRetryRequests: 5 });
      if (isOver(termsOf(metadata), this.#clock.now())) {
        if (readableStreamBody !== undefined && 'destroy' in readableStreamBody) (readableStreamBody as Readable).destroy();
        throw notFound(key);
      }
      // Pieces are buffers as long as no encoding is set.
      if (readableStreamBody !== undefined) yield* readableStreamBody as AsyncIterable<Buffer>;
    } catch (error) {
      throw isNotFound(error) ? notFound(key, error) : toAppError(error, addressOf(this.#container));
    }
  }

  #blob(key: string): BlockBlobClient {
    return this.#container.getBlockBlobClient(`${this.#above}${nameOfKey(key)}`);
  }

  async #call<T>(call: () => Promise<T>): Promise<T> {
    try {
      return await call();
    } catch (error) {
      throw toAppError(error, addressOf(this.#container));
    }
  }
}

/** Somebody else has stored the same content under the same terms. */
async function isStored(blob: BlockBlobClient, { sha256, [TERMS]: terms }: Readonly<Record<string, string | undefined>>): Promise<boolean> {
  const { metadata } = await blob.getProperties();
  return metadata?.['sha256'] === sha256 && metadata?.[TERMS] === terms;
}

/** The name of the metadata that terms are in, as base64url of their JSON. */
const TERMS = 'terms';

function termsOf(metadata: Readonly<Record<string, string>> | undefined): KeptTerms {
  const text = metadata?.[TERMS];
  return decodeTerms(text === undefined ? undefined : Buffer.from(text, 'base64url').toString('utf8'));
}

function notFound(key: string, cause?: unknown): AppError {
  return new AppError('BLOB_NOT_FOUND', `no stored file has the key ${key}`, { hint: 'files that no job names are deleted by `copiloteval prune`', details: { key }, cause });
}
