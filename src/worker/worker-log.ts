// What a worker says about itself: structured lines on stderr, in a form for people when that is a terminal.
// The lines of single jobs are attempt-log.ts's matter.

import { AppError } from '../domain/errors.js';

type Fields = Readonly<Record<string, unknown>>;

export interface WorkerLog {
  /** False: `debug` does nothing, so a caller in a hurry need not put its fields together. */
  readonly debugEnabled: boolean;
  debug(fields: Fields, message: string): void;
  info(fields: Fields, message: string): void;
  warn(fields: Fields, message: string): void;
  error(fields: Fields, message: string): void;
}

const nothing = (): void => undefined;

export const SILENT_LOG: WorkerLog = { debugEnabled: false, debug: nothing, info: nothing, warn: nothing, error: nothing };

export const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'silent'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

/** What the sentence of a line says already, or what is the same on every line. */
const HIDDEN = 'pid,hostname,workerId,queues,concurrency,jobId,type,outcome,ms,code';

/** `fields` stand on every line. Loads pino on demand: only workers need it. */
export async function openWorkerLog(settings: { level: LogLevel; pretty: boolean; fields: Fields }): Promise<WorkerLog> {
  if (settings.level === 'silent') return SILENT_LOG;
  const { destination, pino, stdTimeFunctions } = await import('pino');
  const stderr = destination({ dest: 2, sync: true });
  const stream = settings.pretty
    ? (await import('pino-pretty')).default({ destination: stderr, singleLine: true, ignore: HIDDEN, translateTime: 'SYS:HH:MM:ss' })
    : stderr;
  const logger = pino(
    { level: settings.level, base: settings.fields, timestamp: stdTimeFunctions.isoTime, serializers: { err: errorFields } },
    stream,
  );
  return {
    debugEnabled: logger.isLevelEnabled('debug'),
    debug: (fields, message) => logger.debug(fields, message),
    info: (fields, message) => logger.info(fields, message),
    warn: (fields, message) => logger.warn(fields, message),
    error: (fields, message) => logger.error(fields, message),
  };
}

/** An expected error is its code and sentence; only a bug needs its stack. */
function errorFields(error: unknown): Fields {
  if (error instanceof AppError) return { code: error.code, message: error.message, ...(error.hint === undefined ? {} : { hint: error.hint }) };
  if (error instanceof Error) return { type: error.name, message: error.message, stack: error.stack };
  return { message: String(error) };
}
