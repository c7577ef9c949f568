// An abort signal that ends with another one, or earlier.

export interface LinkedAbort {
  readonly signal: AbortSignal;
  /** Fires the signal and lets go of the outer one. */
  end(): void;
}

/** For loops that make one in each round: one of AbortSignal.any cannot be taken off the outer signal, and goes only when garbage is collected. */
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
