// Asks for lines on the terminal, one question at a time.

import { createInterface, type Interface } from 'node:readline';
import type { Readable } from 'node:stream';
import { AppError } from '../domain/errors.js';
import type { OutputStream } from './streams.js';

export class LineAsker {
  readonly #lines: Interface;
  readonly #output: OutputStream;
  readonly #typedAhead: string[] = [];
  #ended = false;
  #waiting: ((line: string) => void) | undefined;

  constructor(input: Readable, output: OutputStream) {
    this.#output = output;
    // `terminal: false` leaves the terminal in its normal mode: editing is its own, and Ctrl-C stays a signal.
    this.#lines = createInterface({ input, terminal: false });
    this.#lines.on('line', (line) => this.#arrived(line));
    this.#lines.on('close', () => {
      this.#ended = true;
      this.#waiting?.('');
    });
  }

  /** The line without blanks around it. An input that ends (Ctrl-D) is an empty answer; an abort throws REFUSED. */
  async ask(prompt: string, signal: AbortSignal): Promise<string> {
    this.#output.write(prompt);
    const early = this.#typedAhead.shift();
    if (early !== undefined || this.#ended) return (early ?? '').trim();
    this.#lines.resume();
    try {
      return await this.#nextLine(signal);
    } finally {
      this.#waiting = undefined;
      // A stdin that is read would keep the process alive. One that has ended cannot be paused: newer versions of Node throw.
      if (!this.#ended) this.#lines.pause();
    }
  }

  #nextLine(signal: AbortSignal): Promise<string> {
    return new Promise((resolve, reject) => {
      this.#waiting = (line) => {
        signal.removeEventListener('abort', stopped);
        resolve(line.trim());
      };
      const stopped = (): void => {
        // What is printed next must not stand on the question's line.
        this.#output.write('\n');
        reject(new AppError('REFUSED', 'stopped before the question was answered'));
      };
      if (signal.aborted) stopped();
      else signal.addEventListener('abort', stopped, { once: true });
    });
  }

  #arrived(line: string): void {
    if (this.#waiting) this.#waiting(line);
    else this.#typedAhead.push(line);
    this.#waiting = undefined;
  }
}
