// An abort signal that ends with others, or earlier.

export interface LinkedAbort {
  readonly signal: AbortSignal;
  /** Lets go of the outer ones: what they do does not reach the signal any more. */
  letGo(): void;
  /** Fires the signal and lets go of the outer ones. */
  end(): void;
}

/** For what is made again and again: one of AbortSignal.any cannot be taken off the outer signals, and goes only when garbage is collected. */
export function linkedAbort(...outers: readonly AbortSignal[]): LinkedAbort {
  const own = new AbortController();
  const letGo = (): void => {
    for (const outer of outers) outer.removeEventListener('abort', end);
  };
  const end = (): void => {
    letGo();
    own.abort(outers.find(({ aborted }) => aborted)?.reason);
  };
  if (outers.some(({ aborted }) => aborted)) end();
  else for (const outer of outers) outer.addEventListener('abort', end, { once: true });
  return { signal: own.signal, letGo, end };
}
