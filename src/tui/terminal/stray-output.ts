// What something in the process writes to standard error while the screen is shown: it would stand in the middle of a frame,
// and be gone with it. It is kept, and written when the terminal has been given back.

/** The newest are kept; a leak of warnings must not fill the memory. */
const MAX_LINES = 200;

export class StrayOutput {
  readonly #stderr: Pick<NodeJS.WriteStream, 'isTTY' | 'write'>;
  #lines: string[] = [];
  #release: (() => void) | undefined;

  constructor(stderr: Pick<NodeJS.WriteStream, 'isTTY' | 'write'>) {
    this.#stderr = stderr;
  }

  /** From now on; does nothing where standard error goes elsewhere than to the screen. */
  hold(): void {
    if (this.#release !== undefined || !this.#stderr.isTTY) return;
    const { write } = this.#stderr;
    const warn = process.listeners('warning');
    const keepWarning = (warning: Error): void => this.#keep(`warning: ${warning.message}\n`);
    this.#stderr.write = (chunk: Uint8Array | string, ...rest: readonly unknown[]) => {
      this.#keep(typeof chunk === 'string' ? chunk : Buffer.from(chunk).toString('utf8'));
      const done = rest.at(-1);
      if (typeof done === 'function') process.nextTick(done);
      return true;
    };
    // Node's own listener writes past the stream.
    process.removeAllListeners('warning').on('warning', keepWarning);
    this.#release = () => {
      this.#stderr.write = write;
      process.off('warning', keepWarning);
      for (const listener of warn) process.on('warning', listener);
    };
  }

  /** Writes what was held. */
  release(): void {
    this.#release?.();
    this.#release = undefined;
    const text = this.#lines.join('');
    this.#lines = [];
    if (text !== '') this.#stderr.write(text);
  }

  #keep(text: string): void {
    this.#lines.push(text);
    if (this.#lines.length > MAX_LINES) this.#lines.shift();
  }
}
