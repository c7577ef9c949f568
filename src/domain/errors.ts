// The expected failures of the product: every one has a code, a sentence for people and, where the
// user can act, a hint. Anything that is not an AppError is a bug. Exit codes belong to commands/exit-codes.ts.

/** Each code with what it means. `docs/errors.md` is generated from this table. */
export const ERROR_CODES = {
  USAGE_INVALID: 'The command line is not one the program understands.',
  INPUT_INVALID: 'A value given to a command, a job or an API call is not acceptable.',
  PAYLOAD_INVALID: "A job's payload does not fit its type.",
  PAYLOAD_TOO_LARGE: 'A payload, message or instruction text is over its limit.',
  DATASET_INVALID: 'A dataset cannot be used; the message names the row.',
  DATASET_TOO_LARGE: 'A dataset is over the limit of rows or bytes.',
  TYPE_UNKNOWN: 'No handler and no configuration names this job type.',
  QUEUE_UNKNOWN: 'The queue is not in the registry and does not exist.',
  QUEUE_PAUSED: 'The queue is paused.',
  WHERE_INVALID: 'A --where expression cannot be read.',
  JOB_NOT_FOUND: 'No job has this id.',
  JOB_AMBIGUOUS: 'The short id fits several jobs.',
  JOB_CONFLICT: 'Somebody changed the job since it was read.',
  JOB_LOST: 'This worker lost the job: another attempt owns it or it has ended.',
  JOB_STATE: "The job's status does not allow this.",
  JOB_NOT_SUCCEEDED: 'The job that was waited for ended without success.',
  GATE_FAILED: 'A check or gate did not hold.',
  WAIT_TIMEOUT: 'The job did not end within --timeout.',
  IDEMPOTENCY_CONFLICT: 'The idempotency key was used before with another request.',
  MESSAGE_INVALID: 'A queue message cannot be decoded.',
  MESSAGE_NOT_FOUND: 'No message has this sequence number.',
  LOCK_LOST: "The message's lock expired or belongs to another delivery.",
  STORE_MISMATCH: 'The queue carries messages of another store.',
  OPERATION_NOT_FOUND: 'No replay, purge or restore has this id.',
  OPERATION_BUSY: 'Another process is applying this operation.',
  UNEXPLAINED: 'The ledger and the queue disagree after a replay or purge.',
  PARTLY_DONE: 'Some items of a bulk command failed.',
  BULK_REJECTED: 'Some lines of a bulk submit were refused.',
  CONFIRMATION_REQUIRED: 'A change needs --yes when there is no terminal to ask on.',
  REFUSED: 'The user or a policy said no.',
  WORKER_NOT_FOUND: 'No worker has this id.',
  CONFIG_INVALID: 'The configuration has a value that cannot be used.',
  PROFILE_UNKNOWN: 'The configuration has no profile of this name.',
  HANDLER_INVALID: 'A handler module cannot be loaded or does not define handlers.',
  DATA_DIR_UNUSABLE: 'The data directory cannot be created, read or written.',
  DB_INVALID: 'The file is not a copiloteval database or it is damaged.',
  DB_NEWER: 'The database was written by a newer version of copiloteval.',
  DB_BUSY: 'Another process held the database lock for too long.',
  DB_FULL: 'The disk or a size limit is full; nothing was saved.',
  DB_GONE: 'The database file was removed or replaced while it was open.',
  DB_IO: 'The operating system failed to read or write the database.',
  BLOB_NOT_FOUND: 'A stored file is missing.',
  BLOB_CORRUPT: 'A stored file does not match its recorded hash.',
  COSMOS_UNAUTHORIZED: 'Cosmos DB refused the key or identity.',
  COSMOS_THROTTLED: 'Cosmos DB has no request units left at this moment.',
  COSMOS_NOT_FOUND: 'The Cosmos DB database or container does not exist.',
  BLOB_UNAUTHORIZED: 'Blob Storage refused the key or identity.',
  KEY_VAULT_UNAUTHORIZED: 'Key Vault refused the identity.',
  KEY_VAULT_SECRET_MISSING: 'Key Vault has no secret of this name, or it is empty.',
  BACKEND_UNAVAILABLE: 'The backend cannot be reached.',
  SB_NAMESPACE_NOT_FOUND: 'No Service Bus namespace is at this address.',
  SB_UNREACHABLE: 'Service Bus cannot be reached over the network.',
  SB_UNAUTHORIZED: 'Service Bus refused the key or identity, or it lacks the right for this.',
  AZURE_CREDENTIAL: 'No credential of the chain could sign in to Azure.',
  SB_THROTTLED: 'Service Bus asked to be called less often.',
  SB_TIMEOUT: 'Service Bus did not answer in time.',
  SB_ENTITY_DISABLED: 'Somebody disabled the queue in Service Bus.',
  SB_QUOTA_EXCEEDED: 'The queue or namespace of Service Bus is full.',
  SB_MESSAGE_TOO_LARGE: 'The message is over the size that this Service Bus queue takes.',
  SB_FAILED: 'Service Bus answered with an error that has no code of its own here.',
  FILE_UNREADABLE: 'A file named on the command line cannot be read.',
  FILE_UNWRITABLE: 'An output file cannot be written.',
  PORT_UNUSABLE: 'A port cannot be listened on: it is taken or not allowed.',
  EMULATOR_RUNNING: "Another emulator has this emulator's file open.",
  DOCTOR_FAILED: 'A check of `copiloteval doctor` failed.',
  DEMO_FAILED: 'The demo did not reach its end.',
  INTERNAL: 'A bug in copiloteval.',
} as const;

export type ErrorCode = keyof typeof ERROR_CODES;

export interface AppErrorOptions {
  /** What the user can do now; one sentence, commands in backticks. */
  hint?: string;
  /** Facts for JSON output; never secrets. */
  details?: Readonly<Record<string, unknown>>;
  cause?: unknown;
}

/** An expected failure: printed as one line with its code and hint, never with a stack unless `--debug`. */
export class AppError extends Error {
  override readonly name = 'AppError';
  readonly code: ErrorCode;
  readonly hint: string | undefined;
  readonly details: Readonly<Record<string, unknown>> | undefined;

  constructor(code: ErrorCode, message: string, options: AppErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.hint = options.hint;
    this.details = options.details;
  }
}

/** Thrown by a handler: this job can never work. It ends `Failed`, without another attempt. */
export class PermanentError extends Error {
  override readonly name = 'PermanentError';
  readonly code: string;

  constructor(message: string, options: { code?: string; cause?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = options.code ?? 'PERMANENT';
  }
}

/** Thrown by a handler: not now. The job is queued again after `afterMs`; it does not use up an attempt. */
export class RetryLaterError extends Error {
  override readonly name = 'RetryLaterError';
  readonly afterMs: number;

  constructor(message: string, options: { afterMs: number; cause?: unknown }) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.afterMs = options.afterMs;
  }
}

/** True for an AppError with one of these codes. */
export function hasCode(error: unknown, ...codes: ErrorCode[]): error is AppError {
  return error instanceof AppError && codes.includes(error.code);
}
