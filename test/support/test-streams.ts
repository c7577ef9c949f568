// Streams that keep what is written, with an input that is given in advance.

import { Readable } from 'node:stream';
import type { Streams } from '../../src/output/streams.js';

export interface TestStreamsOptions {
  /** What stdin holds, a terminal's answers being lines of it; null for one where nothing comes and nothing ends. */
  readonly stdin?: string | null;
  /** All three streams are a terminal. */
  readonly terminal?: boolean;
  readonly columns?: number;
  /** When it is another matter than `terminal`. */
  readonly stdinIsTerminal?: boolean;
}

export class TestStreams implements Streams {
  readonly stdin: Readable;
  readonly stdinIsTerminal: boolean;
  readonly stdout: CapturedStream;
  readonly stderr: CapturedStream;
  #closedListeners: (() => void)[] = [];

  constructor({ stdin = '', terminal = false, columns = 80, stdinIsTerminal = terminal }: TestStreamsOptions = {}) {
    this.stdin = stdin === null ? new Readable({ read: () => undefined }) : Readable.from(stdin === '' ? [] : [stdin]);
    this.stdinIsTerminal = stdinIsTerminal;
    this.stdout = new CapturedStream(terminal, columns);
    this.stderr = new CapturedStream(terminal, columns);
  }

  onOutputClosed(listener: () => void): void {
    this.#closedListeners.push(listener);
  }

  /** What the program sees when the reader of its output goes away. */
  closeOutput(): void {
    for (const listener of this.#closedListeners) listener();
  }
}

export class CapturedStream {
  text = '';
  readonly isTerminal: boolean;
  readonly columns: number;
  readonly #waiting: { text: string; resolve: () => void }[] = [];

  constructor(isTerminal: boolean, columns: number) {
    this.isTerminal = isTerminal;
    this.columns = columns;
  }

  write(text: string): void {
    this.text += text;
    for (const waiter of this.#waiting) if (this.text.includes(waiter.text)) waiter.resolve();
  }

  /** Resolves when `text` has been written: the way to wait for a command that goes on running. */
  shows(text: string): Promise<void> {
    return new Promise((resolve) => {
      if (this.text.includes(text)) resolve();
      else this.#waiting.push({ text, resolve });
    });
  }
}
