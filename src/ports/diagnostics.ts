// Diagnostics: what a backend can say about its own health. For `doctor`; nothing else depends on it.

export interface Diagnostics {
  /** Looks, never repairs. Takes as long as a whole read of the data may take. Does not throw for what it finds. */
  check(): Promise<readonly HealthCheck[]>;
}

export interface HealthCheck {
  /** Short; the same in every run. */
  readonly name: string;
  /** `warn`: works, and deserves a look. */
  readonly status: 'ok' | 'warn' | 'fail';
  /** What was found, in one line. */
  readonly detail: string;
  /** What to do; null when all is well. */
  readonly remedy: string | null;
}
