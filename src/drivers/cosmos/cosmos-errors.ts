// Translates what Cosmos DB and its SDK report into the product's codes. Facts about the SDK's errors: `code` is the HTTP
// number for an answer of the service and a text for a failure of the network or of signing in.

import { AppError } from '../../domain/errors.js';
import { networkFailure } from '../azure-access/network-failure.js';

/** Of a replica that has not heard yet of what this client knows of: it says 404, of documents that are there too. */
export const BEHIND_SESSION = 'ReadSessionNotAvailable';
const BEHIND_SESSION_SUBSTATUS = 1002;

export function statusOf(error: unknown): number | string | undefined {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  if (code === 404 && isBehindSession(substatusOf(error))) return BEHIND_SESSION;
  return typeof code === 'number' || typeof code === 'string' ? code : undefined;
}

/** The change feed throws a new error, with the headers of the one it caught. */
function substatusOf(error: unknown): number {
  const { substatus, headers } = error as { readonly substatus?: unknown; readonly headers?: Readonly<Record<string, unknown>> };
  return Number(substatus ?? headers?.['x-ms-substatus']);
}

export function isBehindSession(substatus: unknown): boolean {
  return substatus === BEHIND_SESSION_SUBSTATUS;
}

/** Answers after which the same request may well succeed, and which the SDK does not repeat by itself. */
export function isWorthRepeating(error: unknown): boolean {
  const status = statusOf(error);
  return status !== undefined && REPEATED.has(status);
}

/** After these nobody knows whether the request was carried out. */
export function isAmbiguous(error: unknown): boolean {
  const status = statusOf(error);
  return status !== undefined && AMBIGUOUS.has(status);
}

const AMBIGUOUS: ReadonlySet<number | string> = new Set([408, 500, 503, 'ECONNRESET', 'EPIPE', 'ETIMEDOUT', 'TimeoutError', 'REQUEST_SEND_ERROR', 'PARSE_ERROR']);
const REPEATED: ReadonlySet<number | string> = new Set([...AMBIGUOUS, 449, BEHIND_SESSION]);

/** Nothing that the service or the network does leads to these. A SyntaxError may: an answer that is no JSON. */
const MISTAKES: readonly (new () => Error)[] = [TypeError, RangeError, ReferenceError];

/** An AppError for what the service or the network reported; anything else, a mistake in a program too, comes back as it is. */
export function toAppError(error: unknown, endpoint: string): unknown {
  if (error instanceof AppError || !(error instanceof Error) || MISTAKES.some((mistake) => error instanceof mistake)) return error;
  const status = statusOf(error) ?? error.name;
  if (status === 401 || status === 403) {
    return new AppError('COSMOS_UNAUTHORIZED', `${endpoint} refused the key or identity (${status})`, {
      hint: 'the identity needs the data-plane role Cosmos DB Built-in Data Contributor on this account; with a key, check COSMOS_DB_KEY and the clock of this machine',
      cause: error,
    });
  }
  if (status === 429) {
    return new AppError('COSMOS_THROTTLED', `${endpoint} has no request units left for this (429)`, {
      hint: 'try again in a moment; raise the throughput of the container when it happens often',
      details: { retryAfterMs: 'retryAfterInMs' in error && typeof error.retryAfterInMs === 'number' ? error.retryAfterInMs : null },
      cause: error,
    });
  }
  if (status === 413) {
    return new AppError('PAYLOAD_TOO_LARGE', `${endpoint} takes no document or batch of over 2 MB (413), and stored nothing of it`, {
      hint: 'store large content as a file and name it; a job can name some thousand files',
      cause: error,
    });
  }
  if (status === 404) {
    return missing(endpoint, error);
  }
  if (status === 'CredentialUnavailableError' || status === 'AggregateAuthenticationError' || status === 'AuthenticationError') {
    return new AppError('COSMOS_UNAUTHORIZED', `no credential could sign in for ${endpoint}`, { hint: 'sign in with `az login`, or see `copiloteval doctor`', cause: error });
  }
  const happened = networkFailure(status) ?? (status === 'SyntaxError' ? 'does not answer as Cosmos DB does' : `did not do what was asked of it (${status})`);
  return new AppError('BACKEND_UNAVAILABLE', `${endpoint} ${happened}`, { hint: '`copiloteval doctor` looks at each part', cause: error });
}

export function missing(endpoint: string, cause?: unknown): AppError {
  return new AppError('COSMOS_NOT_FOUND', `${endpoint} has no such database or container`, {
    hint: '`copiloteval doctor` says which, and `copiloteval azure commands` prints the lines that create them',
    cause,
  });
}
