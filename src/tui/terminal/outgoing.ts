// What goes to the terminal, without ever waiting for it. Node itself stands still until a terminal has taken what is written,
// and one behind a dead connection never does: no key, no signal and no running replay would get on meanwhile.

import { constants, openSync, writeSync } from 'node:fs';
import type { WriteStream } from 'node:tty';

import type { Clock } from '../../ports/clock.js';

/** How many of the bytes the terminal has taken; 0: none just now. Throws when it has gone. */
export type Put = (bytes: Uint8Array) => number;

/** A full terminal is tried again this often. */
const RETRY_MS = 20;

export class Outgoing {
  readonly #put: Put;
  readonly #clock: Clock;
  readonly #gone: () => void;
  #waiting = Buffer.alloc(0);
  #retry: AbortController | undefined;
  #drained: () => void = () => undefined;

  /** `gone`: nothing that is written arrives any more. */
  constructor(put: Put, clock: Clock, gone: () => void) {
    this.#put = put;
    this.#clock = clock;
    this.#gone = gone;
  }

  /** Bytes that the terminal has not taken yet. */
  get backlog(): number {
    return this.#waiting.length;
  }

  /** Called once, when everything has been taken. */
  onDrain(handler: () => void): void {
    this.#drained = handler;
  }

  write(text: string): void {
    this.#waiting = Buffer.concat([this.#waiting, Buffer.from(text)]);
    if (this.#retry === undefined) this.#push();
  }

  /**
   * Gives up what has not been taken, also in the middle of a sequence, and writes the text before it returns, unless the
   * terminal takes nothing for as long as `patienceMs`.
   */
  writeLast(text: string, patienceMs: number): void {
    this.#retry?.abort();
    this.#retry = undefined;
    this.#waiting = Buffer.from(text);
    const givesUpAt = this.#clock.monotonic() + patienceMs;
    while (this.#take() && this.#waiting.length > 0 && this.#clock.monotonic() < givesUpAt) Atomics.wait(NOBODY, 0, 0, RETRY_MS);
    this.#waiting = Buffer.alloc(0);
  }

  #push(): void {
    if (!this.#take()) return this.#gone();
    if (this.#waiting.length > 0) return void this.#pushLater();
    const drained = this.#drained;
    this.#drained = () => undefined;
    drained();
  }

  async #pushLater(): Promise<void> {
    const retry = new AbortController();
    this.#retry = retry;
    await this.#clock.sleep(RETRY_MS, retry.signal);
    if (retry.signal.aborted) return;
    this.#retry = undefined;
    this.#push();
  }

  /** False when the terminal has gone. */
  #take(): boolean {
    try {
      for (let taken = 1; taken > 0 && this.#waiting.length > 0; this.#waiting = this.#waiting.subarray(taken)) taken = this.#put(this.#waiting);
      return true;
    } catch {
      this.#waiting = Buffer.alloc(0);
      return false;
    }
  }
}

/** Never woken: a sleep in the middle of what must not be left. */
const NOBODY = new Int32Array(new SharedArrayBuffer(4));

/**
 * Into the terminal behind the stream. Opened anew where the system can do that (Linux), so that only this program's own
 * writing does not wait; elsewhere, and where it may not be opened, writing waits as Node does it.
 */
export function putInto(stdout: Pick<WriteStream, 'write'> & { readonly fd: number }): Put {
  const fd = openAgain(stdout.fd);
  if (fd === undefined) {
    return (bytes) => {
      stdout.write(bytes);
      return bytes.length;
    };
  }
  return (bytes) => {
    try {
      return writeSync(fd, bytes);
    } catch (error) {
      if (error instanceof Error && 'code' in error && error.code === 'EAGAIN') return 0;
      throw error;
    }
  };
}

function openAgain(fd: number): number | undefined {
  try {
    return openSync(`/proc/self/fd/${fd}`, constants.O_WRONLY | constants.O_NONBLOCK | constants.O_NOCTTY);
  } catch {
    return undefined;
  }
}
