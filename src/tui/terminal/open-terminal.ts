// Takes the terminal over and gives it back: modes, raw input, size, suspension. However the process ends, short of
// SIGKILL, the user's terminal is what it was: `restore` is idempotent and hangs on every way out.

import { writeSync } from 'node:fs';
import type { ReadStream, WriteStream } from 'node:tty';

import { AppError } from '../../domain/errors.js';
import type { Clock } from '../../ports/clock.js';
import { copySequence } from './clipboard.js';
import { FrameWriter } from './frame-writer.js';
import { KeyDecoder, type TerminalInput } from './key-decoder.js';
import type { Terminal } from './terminal.js';
import { ENTER_MODES, LEAVE_MODES } from './terminal-modes.js';

export interface TerminalParts {
  readonly stdin: ReadStream;
  readonly stdout: WriteStream;
  readonly clock: Clock;
  /** TMUX is set. */
  readonly insideTmux: boolean;
  /** COLUMNS and LINES, for terminals that do not tell their size. */
  readonly fallbackSize: { readonly columns: number; readonly rows: number };
}

/** A drag of the window's edge is a storm of sizes; the last one counts. */
const RESIZE_QUIET_MS = 50;

/** Enters at once: what is written to `frames` next is the first thing shown. */
export function openTerminal(parts: TerminalParts): Terminal {
  const terminal = new ProcessTerminal(parts);
  terminal.enter();
  return terminal;
}

class ProcessTerminal implements Terminal {
  readonly frames: FrameWriter;
  readonly failure: Promise<never>;
  readonly #parts: TerminalParts;
  readonly #decoder: KeyDecoder;
  #entered = false;
  #fail: (error: unknown) => void = () => undefined;
  #onInput: (input: TerminalInput) => void = () => undefined;
  #onResize: () => void = () => undefined;
  #resizeTimer: AbortController | undefined;

  constructor(parts: TerminalParts) {
    this.#parts = parts;
    const { stdout, clock } = parts;
    this.failure = new Promise((_resolve, reject) => {
      this.#fail = reject;
    });
    // Somebody may look only later; that is no unhandled rejection.
    this.failure.catch(() => undefined);
    this.frames = new FrameWriter({
      clock,
      target: {
        size: () => this.size(),
        write: (text) => void stdout.write(text),
        backlog: () => stdout.writableLength,
        onDrain: (handler) => void stdout.once('drain', handler),
      },
    });
    this.#decoder = new KeyDecoder(clock, (input) => this.#onInput(input));
  }

  size(): { columns: number; rows: number } {
    const { stdout, fallbackSize } = this.#parts;
    // Some pseudo terminals say 0 × 0.
    return { columns: stdout.columns || fallbackSize.columns, rows: stdout.rows || fallbackSize.rows };
  }

  onInput(handler: (input: TerminalInput) => void): void {
    this.#onInput = handler;
  }

  onResize(handler: () => void): void {
    this.#onResize = handler;
  }

  enter(): void {
    const { stdin, stdout } = this.#parts;
    this.#listen();
    this.#takeOver();
    stdin.setEncoding('utf8');
    stdin.on('data', this.#data);
    stdin.on('end', this.#gone);
    stdin.on('error', this.#gone);
    stdout.on('error', this.#gone);
    stdout.on('resize', this.#resized);
    stdin.resume();
  }

  lend<T>(use: () => T): T {
    this.frames.suspend();
    this.#giveBack();
    this.#parts.stdin.pause();
    try {
      return use();
    } finally {
      this.#takeAgain();
    }
  }

  stopProcess(): void {
    this.frames.suspend();
    this.#giveBack();
    process.kill(process.pid, 'SIGSTOP');
    // Goes on here or a moment later, when the shell sends SIGCONT: see #continued.
  }

  copy(text: string): boolean {
    const sequence = copySequence(text, this.#parts.insideTmux);
    if (sequence !== undefined) this.#parts.stdout.write(sequence);
    return sequence !== undefined;
  }

  bell(): void {
    this.#parts.stdout.write('\u0007');
  }

  restore = (): void => {
    const { stdin, stdout } = this.#parts;
    this.frames.suspend();
    this.#giveBack();
    this.#stopListening();
    stdin.off('data', this.#data);
    stdin.off('end', this.#gone);
    stdout.off('resize', this.#resized);
    stdin.pause();
    // Reading a terminal keeps the process alive even when paused.
    stdin.unref();
  };

  #takeOver(): void {
    this.#entered = true;
    setRawMode(this.#parts.stdin, true);
    this.#parts.stdout.write(ENTER_MODES);
  }

  #takeAgain(): void {
    this.#takeOver();
    this.#decoder.reset();
    this.#parts.stdin.resume();
    this.frames.resume();
    this.#onResize();
  }

  #giveBack(): void {
    if (!this.#entered) return;
    this.#entered = false;
    writeNow(this.#parts.stdout.fd, LEAVE_MODES);
    setRawMode(this.#parts.stdin, false);
  }

  #listen(): void {
    process.on('exit', this.restore);
    process.on('uncaughtException', this.#crashed);
    process.on('unhandledRejection', this.#crashed);
    process.on('SIGCONT', this.#continued);
    process.on('SIGTSTP', this.#stopAsked);
  }

  #stopListening(): void {
    process.off('exit', this.restore);
    process.off('uncaughtException', this.#crashed);
    process.off('unhandledRejection', this.#crashed);
    process.off('SIGCONT', this.#continued);
    process.off('SIGTSTP', this.#stopAsked);
  }

  readonly #data = (text: string | Buffer): void => this.#decoder.feed(text.toString());

  readonly #gone = (): void => {
    this.restore();
    this.#fail(new AppError('TERMINAL_GONE', 'the terminal is gone'));
  };

  readonly #crashed = (error: unknown): void => {
    this.restore();
    this.#fail(error);
  };

  readonly #stopAsked = (): void => this.stopProcess();

  readonly #continued = (): void => {
    if (!this.#entered) this.#takeAgain();
  };

  readonly #resized = (): void => {
    this.#resizeTimer?.abort();
    const timer = new AbortController();
    this.#resizeTimer = timer;
    void this.#parts.clock.sleep(RESIZE_QUIET_MS, timer.signal).then(() => {
      if (timer.signal.aborted) return;
      this.frames.resized();
      this.#onResize();
    });
  };
}

/** A terminal that is gone has no mode to set. */
function setRawMode(stdin: ReadStream, raw: boolean): void {
  try {
    stdin.setRawMode(raw);
  } catch {
    return;
  }
}

/** Past Node's queue, so that it is out before the process is. A full terminal is tried again for a while. */
function writeNow(fd: number, text: string): void {
  for (let left = 1000; left > 0; left -= 1) {
    try {
      writeSync(fd, text);
      return;
    } catch (error) {
      if (!(error instanceof Error) || !('code' in error) || error.code !== 'EAGAIN') return;
    }
  }
}
