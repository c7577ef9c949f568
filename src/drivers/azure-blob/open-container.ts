// From an account to a client of one container (@azure/storage-blob). Connects to nothing yet.

import { BlobServiceClient, type ContainerClient, type StoragePipelineOptions } from '@azure/storage-blob';
import type { TokenCredential } from '@azure/identity';

import { AppError } from '../../domain/errors.js';

export type BlobAccount = { readonly connectionString: string } | { readonly url: string; readonly credential: TokenCredential };

/** CONFIG_INVALID for a connection string that is none. */
export function openContainer(account: BlobAccount, container: string, pipeline: StoragePipelineOptions): ContainerClient {
  return openService(account, pipeline).getContainerClient(container);
}

/** To be shown: without the signature that a connection string may bring into it. */
export function addressOf({ url }: Pick<ContainerClient, 'url'>): string {
  return url.replace(/\?.*$/s, '');
}

function openService(account: BlobAccount, pipeline: StoragePipelineOptions): BlobServiceClient {
  if ('url' in account) return new BlobServiceClient(account.url, account.credential, pipeline);
  try {
    return BlobServiceClient.fromConnectionString(account.connectionString, pipeline);
  } catch (error) {
    throw new AppError('CONFIG_INVALID', 'the connection string of the storage account cannot be read', {
      hint: 'it begins with `DefaultEndpointsProtocol=`; `az storage account show-connection-string -g GROUP --name ACCOUNT -o tsv` prints it',
      cause: error,
    });
  }
}
