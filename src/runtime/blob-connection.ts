// From the settings to the place where files are kept.

import type { Config } from '../config/config.js';
import type { AzureBlobOptions } from '../drivers/azure-blob/azure-blob-store.js';
import type { BlobStore } from '../ports/blob-store.js';
import type { Clock } from '../ports/clock.js';
import type { CredentialOnUse } from './azure-credential.js';
import { besideDatabase } from './operation-files.js';

export interface BlobParts {
  readonly clock: Clock;
  readonly credential: CredentialOnUse;
  /** Whose files they are: stores that share a container have a folder each, since each deletes what none of its own jobs names. */
  readonly storeId: string;
}

/** The Azure SDK is loaded, and connects, with the first file: most commands touch none. */
export async function openBlobs(config: Config, { clock, credential, storeId }: BlobParts): Promise<BlobStore> {
  if (config.blobs === 'azure') {
    return blobsOnUse(async () => {
      const { AzureBlobStore } = await import('../drivers/azure-blob/azure-blob-store.js');
      return new AzureBlobStore({ ...(await blobAccount(config, credential)), folder: storeId, clock });
    });
  }
  const { FsBlobStore } = await import('../drivers/blob-fs/fs-blob-store.js');
  return new FsBlobStore({ directory: besideDatabase(config, 'files'), clock });
}

/** Signs in where there is no connection string. Throws AZURE_CREDENTIAL. */
export async function blobAccount(config: Config, credential: CredentialOnUse): Promise<Pick<AzureBlobOptions, 'account' | 'container'>> {
  const { storageConnectionString, storageAccountUrl = '', storageContainer } = config;
  const account = storageConnectionString === undefined ? { url: storageAccountUrl, credential: await credential() } : { connectionString: storageConnectionString };
  return { account, container: storageContainer };
}

function blobsOnUse(open: () => Promise<BlobStore>): BlobStore {
  let opening: Promise<BlobStore> | undefined;
  const opened = (): Promise<BlobStore> => (opening ??= open());
  return {
    put: async (key, content, terms) => (await opened()).put(key, content, terms),
    putByHash: async (prefix, content) => (await opened()).putByHash(prefix, content),
    read: async function* (key, expect) {
      yield* (await opened()).read(key, expect);
    },
    info: async (key) => (await opened()).info(key),
    exists: async (key) => (await opened()).exists(key),
    delete: async (key) => (await opened()).delete(key),
    list: async function* (prefix) {
      yield* (await opened()).list(prefix);
    },
  };
}
