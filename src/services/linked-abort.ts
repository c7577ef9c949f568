// An abort signal that ends with another one, or earlier.

export interface LinkedAbort {
  readonly signal: AbortSignal;
  /** Fires the signal and lets go of the outer one. */
  end(): void;
}

/** For loops that make one in each round: AbortSignal.any would stay registered with the outer signal for good. */
export function linkedAbort(outer: AbortSignal): LinkedAbort {
  const own = new AbortController();
  const end = (): void => {
    outer.removeEventListener('abort', end);
    own.abort(outer.reason);
  };
  if (outer.aborted) own.abort(outer.reason);
  else outer.addEventListener('abort', end, { once: true });
  return { signal: own.signal, end };
}
