// The whole log of an attempt that says more than the newest lines which are kept with its job: it becomes a file of the job,
// handed to the store of files while the attempt runs.

import type { NewLogLine } from '../ports/job-log.js';

/** Beyond this much text that the store of files has not taken, lines are left out and counted. */
const MAX_WAITING_CHARS = 16_000_000;

export class WholeLog {
  readonly #stored: Promise<void>;
  #texts: string[] = [];
  #waitingChars = 0;
  #leftOut = 0;
  #isOver = false;
  #isStored = false;
  #wake: (() => void) | undefined;

  /** `store` reads the content to its end, and resolves when the file is there. */
  constructor(store: (content: AsyncIterable<string>) => Promise<unknown>) {
    this.#stored = store(this.#content()).then(
      () => void (this.#isStored = true),
      (error: unknown) => {
        // Nobody reads any more.
        this.#isOver = true;
        this.#texts = [];
        throw error;
      },
    );
    // end() tells.
    this.#stored.catch(() => undefined);
  }

  get isStored(): boolean {
    return this.#isStored;
  }

  /** Lines that come after the end are dropped. */
  add({ at, level, text }: NewLogLine): void {
    if (this.#isOver) return;
    if (this.#waitingChars > MAX_WAITING_CHARS) {
      this.#leftOut += 1;
      return;
    }
    const line = `${new Date(at).toISOString()} ${level.padEnd(5)} ${text}\n`;
    this.#texts.push(line);
    this.#waitingChars += line.length;
    this.#wake?.();
  }

  /** Resolves when the file is there; rejects as storing it did. */
  end(): Promise<void> {
    this.#isOver = true;
    this.#wake?.();
    return this.#stored;
  }

  async *#content(): AsyncGenerator<string> {
    for (;;) {
      const piece = this.#texts.splice(0).join('');
      this.#waitingChars = 0;
      if (piece !== '') yield piece;
      else if (this.#isOver) break;
      else await new Promise<void>((resolve) => (this.#wake = resolve));
    }
    if (this.#leftOut > 0) yield `… and ${this.#leftOut} lines that came faster than they could be stored\n`;
  }
}
