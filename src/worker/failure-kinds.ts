// What a failure of store or queue means for a worker: whether waiting may mend it, and whether it ever worked.

import { AppError, type ErrorCode } from '../domain/errors.js';

/** After these another try is as hopeless as the first. */
const HOPELESS: ReadonlySet<ErrorCode> = new Set<ErrorCode>(['DB_GONE', 'DB_INVALID', 'DB_NEWER', 'QUEUE_UNKNOWN']);
/** When nothing has worked yet; later a key that is being renewed, a name that is not resolved for a while. */
const CONFIGURATION: ReadonlySet<ErrorCode> = new Set<ErrorCode>(['SB_UNAUTHORIZED', 'AZURE_CREDENTIAL', 'SB_NAMESPACE_NOT_FOUND']);
const PASSING: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'DB_BUSY',
  'DB_FULL',
  'DB_IO',
  'BACKEND_UNAVAILABLE',
  'COSMOS_THROTTLED',
  'COSMOS_UNAUTHORIZED',
  'SB_NAMESPACE_NOT_FOUND',
  'SB_UNREACHABLE',
  'SB_UNAUTHORIZED',
  'AZURE_CREDENTIAL',
  'SB_THROTTLED',
  'SB_TIMEOUT',
  'SB_ENTITY_DISABLED',
  'SB_QUOTA_EXCEEDED',
  'SB_FAILED',
]);

/** Taking messages cannot go on. `hasWorked`: messages could be taken before. */
export function isHopeless(error: unknown, { hasWorked }: { readonly hasWorked: boolean }): boolean {
  return error instanceof AppError && (HOPELESS.has(error.code) || (!hasWorked && isConfiguration(error)));
}

/** The key, the sign-in or the address is wrong, or not for this. */
export function isConfiguration(error: AppError): boolean {
  return CONFIGURATION.has(error.code);
}

/** It may pass without anybody touching the data: worth another try while a message is held. */
export function isPassing(error: unknown): boolean {
  return error instanceof AppError && PASSING.has(error.code);
}
