// Translates what Azure Storage and its SDK report into the product's codes. The SDK's own text is not repeated: it may
// carry addresses with signatures.

import { AppError } from '../../domain/errors.js';
import { networkFailure } from '../azure-access/network-failure.js';

/** What of a RestError is looked at (@azure/core-rest-pipeline); network failures carry the system's code. */
interface StorageFailure {
  readonly statusCode: number | undefined;
  readonly code: string;
}

export function isNotFound(error: unknown): boolean {
  const { statusCode, code } = failureOf(error);
  return statusCode === 404 || code === 'BlobNotFound' || code === 'ContainerNotFound';
}

export function isContainerMissing(error: unknown): boolean {
  return failureOf(error).code === 'ContainerNotFound';
}

/** Pieces that were brought for a blob are thrown away when somebody else completes that blob. */
export function isBlockGone(error: unknown): boolean {
  return failureOf(error).code === 'InvalidBlockList';
}

export const KEYS_ARE_OFF = 'keys are switched off for this account: unset AZURE_STORAGE_CONNECTION_STRING, set AZURE_STORAGE_ACCOUNT_URL and sign in';

/** An AppError for what the service or the network reported; anything else comes back as it is. */
export function toAppError(error: unknown, address: string): unknown {
  if (error instanceof AppError || !(error instanceof Error)) return error;
  const { statusCode, code } = failureOf(error);
  if (statusCode === 401 || statusCode === 403) {
    return new AppError('BLOB_UNAUTHORIZED', `${address} refused the credential (${code})`, {
      hint: code === 'KeyBasedAuthenticationNotPermitted' ? KEYS_ARE_OFF : 'the identity needs the role Storage Blob Data Contributor; with a connection string, check its key and the clock of this machine',
      cause: error,
    });
  }
  if (code === 'CredentialUnavailableError' || code === 'AggregateAuthenticationError' || code === 'AuthenticationError') {
    return new AppError('BLOB_UNAUTHORIZED', `no credential could sign in for ${address}`, { hint: 'sign in with `az login`, or see `copiloteval doctor`', cause: error });
  }
  const unreached = networkFailure(code);
  if (statusCode === undefined && unreached === undefined && !SDK_FAILURES.has(error.name)) return error;
  return new AppError('BACKEND_UNAVAILABLE', `${address} ${unreached ?? `did not do what was asked of it (${code})`}`, { hint: '`copiloteval doctor` looks at each part', cause: error });
}

/** Without a status: the connection, or an answer that is none of this service. */
const SDK_FAILURES: ReadonlySet<string> = new Set(['RestError', 'StorageError']);

function failureOf(error: unknown): StorageFailure {
  if (!(error instanceof Error)) return { statusCode: undefined, code: '' };
  const statusCode = 'statusCode' in error && typeof error.statusCode === 'number' ? error.statusCode : undefined;
  const details = 'details' in error ? error.details : undefined;
  // A HEAD request has no body; the service's own code is in a header then.
  const detailed = details !== null && typeof details === 'object' && 'errorCode' in details ? details.errorCode : undefined;
  const code = typeof detailed === 'string' ? detailed : 'code' in error && typeof error.code === 'string' ? error.code : error.name;
  return { statusCode, code };
}
