// What can be read from an error of an SDK without knowing its class: the same failure comes as MessagingError,
// ServiceBusError or RestError, depending on the call, and instanceof fails across copies of a package.

export interface ErrorFacts {
  /** Names and codes: `ServiceBusError`, `UnauthorizedAccess`, `amqp:not-found`, `ECONNREFUSED`, `http 401`. */
  readonly tokens: readonly string[];
  readonly message: string;
  /** The most exact of the codes, for `details`. */
  readonly condition: string | null;
  /** Of HTTP. */
  readonly status: number | null;
  /** What the SDK thinks; true for what it does not know. */
  readonly retryable: boolean;
  /** Of HTTP's Retry-After. */
  readonly retryAfterMs: number | null;
  /** The URL that was asked, for telling a missing queue from a missing namespace. */
  readonly url: string;
}

/** The errors inside AggregateErrors (several attempts, several addresses), else the error itself; also causes of a network failure. */
export function leavesOf(error: unknown, depth = 0): readonly unknown[] {
  const inner = field(error, 'errors');
  if (depth < 4 && Array.isArray(inner) && inner.length > 0 && !isSignIn(error)) return inner.flatMap((one) => leavesOf(one, depth + 1));
  return [error];
}

/** The chain of credentials is told as one: which of its errors matters, nobody can say. */
function isSignIn(error: unknown): boolean {
  return text(error, 'name') === 'AggregateAuthenticationError';
}

/** Codes without a place among the SDK's few stand in front of the text. */
const GENERAL = /^(\w+Error): /;
const SYSTEM_CODE = /\b(E[A-Z]{3,}(?:_[A-Z]+)*|ERR_TLS_[A-Z_]+|ERR_SSL_[A-Z_]+|CERT_[A-Z_]+|DEPTH_ZERO_[A-Z_]+|SELF_SIGNED_[A-Z_]+|UNABLE_TO_[A-Z_]+)\b/;

export function factsOf(error: unknown): ErrorFacts {
  const message = text(error, 'message') || text(error, 'description') || (typeof error === 'string' ? error : '');
  const status = number(error, 'statusCode') ?? number(field(error, 'response'), 'status');
  const restCode = text(field(field(error, 'details'), 'error'), 'code') || text(field(error, 'details'), 'errorCode');
  const codes = [text(error, 'condition'), text(error, 'code'), restCode, text(field(error, 'cause'), 'code'), SYSTEM_CODE.exec(message)?.[1] ?? '', GENERAL.exec(message)?.[1] ?? ''];
  const known = codes.filter((code) => code !== '');
  return {
    tokens: [...known, text(error, 'name'), ...(status === null ? [] : [`http ${status}`])].filter((token) => token !== ''),
    message,
    condition: known[0] ?? null,
    status,
    retryable: field(error, 'retryable') === true,
    retryAfterMs: retryAfter(error),
    url: text(field(error, 'request'), 'url'),
  };
}

function retryAfter(error: unknown): number | null {
  const headers = field(field(error, 'response'), 'headers');
  const get = field(headers, 'get');
  if (typeof get !== 'function') return null;
  const value: unknown = (get as (name: string) => unknown).call(headers, 'retry-after');
  const seconds = Number(value);
  return typeof value === 'string' && Number.isFinite(seconds) && seconds >= 0 ? seconds * 1000 : null;
}

function field(of: unknown, name: string): unknown {
  return typeof of === 'object' && of !== null && name in of ? (of as Record<string, unknown>)[name] : undefined;
}

function text(of: unknown, name: string): string {
  const value = field(of, name);
  return typeof value === 'string' ? value : '';
}

function number(of: unknown, name: string): number | null {
  const value = field(of, name);
  return typeof value === 'number' ? value : null;
}
