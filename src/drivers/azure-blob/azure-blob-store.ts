// AzureBlobStore: the BlobStore port on a container of Azure Blob Storage (@azure/storage-blob).

import { createHash } from 'node:crypto';

import { BlobServiceClient, type BlockBlobClient, type ContainerClient, type StoragePipelineOptions } from '@azure/storage-blob';
import type { TokenCredential } from '@azure/identity';

import { checkKey, checkKeyPrefix, keyOfHash } from '../../domain/blob-key.js';
import { AppError } from '../../domain/errors.js';
import type { BlobRef } from '../../domain/job.js';
import type { BlobContent, BlobStore } from '../../ports/blob-store.js';
import { isContainerMissing, isNotFound, toAppError } from './azure-errors.js';
import { keyOfName, nameOfKey, nameOfPrefix } from './blob-name.js';
import { spool, type Spooled } from './spool.js';

export type BlobAccount = { readonly connectionString: string } | { readonly url: string; readonly credential: TokenCredential };

export interface AzureBlobOptions {
  readonly account: BlobAccount;
  /** Made with the first blob when it is not there and the credential may do so. */
  readonly container: string;
  readonly pipeline?: StoragePipelineOptions;
}

/** One try may take this long: an artifact of a few hundred megabytes over a slow line. */
const TRY_TIMEOUT_MS = 120_000;
const ANY_SHA256 = '0'.repeat(64);

export class AzureBlobStore implements BlobStore {
  readonly #container: ContainerClient;

  /** Connects to nothing yet. CONFIG_INVALID for a connection string that is none. */
  constructor({ account, container, pipeline }: AzureBlobOptions) {
    this.#container = serviceOf(account, { retryOptions: { maxTries: 4, tryTimeoutInMs: TRY_TIMEOUT_MS, maxRetryDelayInMs: 5_000 }, ...pipeline }).getContainerClient(container);
  }

  /**
   * The service shows a blob when it has all of it, so a crash before leaves nothing under the key. The request is repeated
   * when its answer is lost: the same content is then stored twice over.
   */
  async put(key: string, content: BlobContent): Promise<BlobRef> {
    checkKey(key);
    return this.#write(content, () => key);
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

  async exists(key: string): Promise<boolean> {
    checkKey(key);
    return this.#call(() => this.#blob(key).exists());
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

  async *list(prefix: string): AsyncGenerator<{ key: string; bytes: number; modifiedAt: number }> {
    checkKeyPrefix(prefix);
    const blobs = this.#container.listBlobsFlat({ prefix: nameOfPrefix(prefix) });
    for (;;) {
      const next = await this.#call(() => blobs.next()).catch((error: unknown) => {
        if (error instanceof AppError && isNotFound(error.cause)) return { done: true as const, value: undefined };
        throw error;
      });
      if (next.done === true) return;
      const { name, properties } = next.value;
      const key = keyOfName(name);
      if (key.startsWith(prefix)) yield { key, bytes: properties.contentLength ?? 0, modifiedAt: properties.lastModified.getTime() };
    }
  }

  async #write(content: BlobContent, keyOf: (spooled: Spooled) => string): Promise<BlobRef> {
    const spooled = await spool(content);
    try {
      const key = keyOf(spooled);
      await this.#call(() => this.#upload(key, spooled));
      return { key, sha256: spooled.sha256, bytes: spooled.bytes };
    } finally {
      await spooled.discard();
    }
  }

  async #upload(key: string, { body, bytes, sha256 }: Spooled): Promise<void> {
    const upload = async (): Promise<void> => void (await this.#blob(key).upload(body, bytes, { metadata: { sha256 } }));
    try {
      await upload();
    } catch (error) {
      if (!isContainerMissing(error)) throw error;
      await this.#container.createIfNotExists();
      await upload();
    }
  }

  async *#download(key: string): AsyncGenerator<Uint8Array> {
    try {
      const { readableStreamBody } = await this.#blob(key).download(0, undefined, { maxRetryRequests: 5 });
      // Pieces are buffers as long as no encoding is set.
      if (readableStreamBody !== undefined) yield* readableStreamBody as AsyncIterable<Buffer>;
    } catch (error) {
      if (!isNotFound(error)) throw toAppError(error, this.#container.url);
      throw new AppError('BLOB_NOT_FOUND', `no stored file has the key ${key}`, {
        hint: 'files that no job names are deleted by `copiloteval prune`',
        details: { key },
        cause: error,
      });
    }
  }

  #blob(key: string): BlockBlobClient {
    return this.#container.getBlockBlobClient(nameOfKey(key));
  }

  async #call<T>(call: () => Promise<T>): Promise<T> {
    try {
      return await call();
    } catch (error) {
      throw toAppError(error, this.#container.url);
    }
  }
}

function serviceOf(account: BlobAccount, pipeline: StoragePipelineOptions): BlobServiceClient {
  if ('url' in account) return new BlobServiceClient(account.url, account.credential, pipeline);
  try {
    return BlobServiceClient.fromConnectionString(account.connectionString, pipeline);
  } catch (error) {
    throw new AppError('CONFIG_INVALID', 'the connection string of the storage account cannot be read', {
      hint: 'it begins with `DefaultEndpointsProtocol=`; `az storage account show-connection-string` prints it',
      cause: error,
    });
  }
}
