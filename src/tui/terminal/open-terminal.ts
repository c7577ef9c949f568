// Takes the terminal over and gives it back: modes, raw input, size, suspension. However the process ends, short of
// SIGKILL, the user's terminal is what it was: `restore` is idempotent and hangs on every way out.

import type { ReadStream, WriteStream } from 'node:tty';

import type { Clock } from '../../ports/clock.js';
import { copySequence } from './clipboard.js';
import { editText } from './edit-text.js';
import { FrameLine } from './frame-line.js';
import { FrameWriter } from './frame-writer.js';
import { KeyDecoder } from './key-decoder.js';
import { leaveInterruptsTo } from './interrupts.js';
import { takeAnswer } from './late-answer.js';
import { Outgoing, putInto } from './outgoing.js';
import { StrayOutput } from './stray-output.js';
import type { Size, Terminal, TerminalEvent, Written } from './terminal.js';
import { ENTER_MODES, INPUT_MODES, LEAVE_MODES } from './terminal-modes.js';

export interface TerminalParts {
  readonly stdin: ReadStream;
  readonly stdout: WriteStream & { readonly fd: number };
  readonly clock: Clock;
  readonly settings: TerminalSettings;
}

export interface TerminalSettings {
  /** The program runs in tmux. */
  readonly insideTmux: boolean;
  /** For terminals that do not tell: COLUMNS and LINES, else 80×24. */
  readonly fallbackSize: Size;
  /** The command line of VISUAL or EDITOR. */
  readonly editor: string;
  /** The other screen is shown already, with a frame on it. */
  readonly isScreenPainted: boolean;
}

/** A drag of the window's edge is a storm of sizes; the last one counts. */
const RESIZE_QUIET_MS = 50;
/** A terminal that takes nothing for so long will not miss its modes. */
const PATIENCE_MS = 2_000;

/** Nothing is touched before the first `draw` or `listen`. Both streams must be terminals. */
export function openTerminal(parts: TerminalParts): Terminal {
  return new ProcessTerminal(parts);
}

class ProcessTerminal implements Terminal {
  readonly failure: Promise<never>;
  readonly #parts: TerminalParts;
  readonly #outgoing: Outgoing;
  readonly #line: FrameLine;
  readonly #frames: FrameWriter;
  readonly #decoder: KeyDecoder;
  readonly #stray = new StrayOutput(process.stderr);
  readonly #listeners = new Set<(event: TerminalEvent) => void>();
  #fail: (error: unknown) => void = () => undefined;
  /** `new`: never entered · `ours` · `lent`: to be entered again · `over`: given back for good. */
  #state: 'new' | 'ours' | 'lent' | 'over' = 'new';
  #resizeTimer: AbortController | undefined;

  constructor(parts: TerminalParts) {
    const { stdout, clock } = parts;
    this.#parts = parts;
    this.failure = new Promise((_resolve, reject) => (this.#fail = reject));
    // Somebody may look only later; that is no unhandled rejection.
    this.failure.catch(() => undefined);
    this.#outgoing = new Outgoing(putInto(stdout), clock, this.#gone);
    const line = new FrameLine(this.#outgoing, clock);
    const target = {
      size: (): Size => this.size,
      write: (text: string): void => line.write(text),
      backlog: (): number => line.backlog(),
      onDrain: (handler: () => void): void => line.onDrain(handler),
    };
    this.#line = line;
    this.#frames = new FrameWriter(target, clock);
    this.#decoder = new KeyDecoder(clock, (input) => (input.kind === 'answer' ? line.answered() : this.#tell(input)));
  }

  get size(): Size {
    const { stdout, settings } = this.#parts;
    // Some pseudo terminals say 0×0.
    return { columns: stdout.columns || settings.fallbackSize.columns, rows: stdout.rows || settings.fallbackSize.rows };
  }

  draw(frame: string): void {
    this.#enter();
    this.#frames.draw(frame);
  }

  listen(listener: (event: TerminalEvent) => void): () => void {
    this.#enter();
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  async suspend<T>(run: () => Promise<T>): Promise<T> {
    this.#lend();
    try {
      return await run();
    } finally {
      this.#takeAgain();
    }
  }

  edit(document: { readonly name: string; readonly text: string }): Promise<string | null> {
    return this.suspend(() => leaveInterruptsTo(() => editText(document, this.#parts.settings.editor)));
  }

  copy(text: string): void {
    if (this.#state !== 'ours') return;
    const sequence = copySequence(text, this.#parts.settings.insideTmux);
    if (sequence !== undefined) this.#outgoing.write(sequence);
  }

  written(): Written {
    return this.#frames.written;
  }

  bell(): void {
    if (this.#state === 'ours') this.#outgoing.write('\u0007');
  }

  stop(): void {
    if (this.#state !== 'ours' || process.platform === 'win32') return;
    this.#lend();
    // As the terminal itself does it: the whole job stops, also a program that this one was started through. Where no shell
    // could bring it back, the system lets the signal pass.
    process.kill(0, 'SIGTSTP');
    setImmediate(() => this.#takeAgain());
  }

  restore = (): void => {
    if (this.#state === 'over') return;
    const { stdin } = this.#parts;
    if (this.#state !== 'new') this.#lend();
    this.#state = 'over';
    this.#resizeTimer?.abort();
    this.#setHooks('off');
    stdin.off('data', this.#data).off('end', this.#gone).off('error', this.#gone);
    // A terminal that is read keeps the process alive, even when paused.
    stdin.unref();
  };

  #enter(): void {
    if (this.#state !== 'new') return;
    const { stdin, stdout } = this.#parts;
    this.#setHooks('on');
    this.#takeOver(this.#parts.settings.isScreenPainted ? INPUT_MODES : ENTER_MODES);
    stdin.setEncoding('utf8');
    stdin.on('data', this.#data).on('end', this.#gone).on('error', this.#gone);
    stdout.on('error', this.#gone);
  }

  #takeOver(modes: string): void {
    this.#state = 'ours';
    this.#stray.hold();
    this.#setRawMode(true);
    this.#outgoing.write(modes);
    this.#setStopHooks('on');
    this.#parts.stdin.resume();
  }

  #takeAgain(): void {
    if (this.#state !== 'lent') return;
    this.#decoder.reset();
    this.#takeOver(ENTER_MODES);
    this.#frames.resume();
    // The window may have another size by now, and that signal went to the other program.
    this.#tell({ kind: 'resize', size: this.size });
  }

  #lend(): void {
    if (this.#state !== 'ours') return;
    this.#state = 'lent';
    this.#setStopHooks('off');
    this.#frames.suspend();
    this.#parts.stdin.pause();
    const answerDueMs = this.#line.answerDueMs();
    this.#line.forget();
    this.#outgoing.writeLast(LEAVE_MODES, PATIENCE_MS);
    if (answerDueMs > 0) takeAnswer(answerDueMs, this.#parts.clock);
    this.#setRawMode(false);
    this.#stray.release();
  }

  #setHooks(to: 'on' | 'off'): void {
    process[to]('exit', this.restore);
    process[to]('uncaughtException', this.#crashed);
    process[to]('unhandledRejection', this.#crashed);
    // Not the stream's own event, which is silent about a size that came and went.
    process[to]('SIGWINCH', this.#resized);
    process[to]('SIGQUIT', this.#quitAsked);
  }

  /** Not while the terminal is lent: an editor that is stopped with Ctrl-Z stops this program with it, or no shell comes. */
  #setStopHooks(to: 'on' | 'off'): void {
    process[to]('SIGCONT', this.#continued);
    process[to]('SIGTSTP', this.#stopAsked);
  }

  #tell(event: TerminalEvent): void {
    for (const listener of [...this.#listeners]) listener(event);
  }

  /** A terminal that is gone has no mode to set. */
  #setRawMode(raw: boolean): void {
    try {
      this.#parts.stdin.setRawMode(raw);
    } catch {
      return;
    }
  }

  readonly #data = (text: string | Buffer): void => this.#decoder.feed(text.toString());

  readonly #gone = (): void => {
    if (this.#state === 'over') return;
    this.restore();
    this.#tell({ kind: 'gone' });
  };

  readonly #crashed = (error: unknown): void => {
    this.restore();
    this.#fail(error);
  };

  readonly #stopAsked = (): void => this.stop();

  /** Stopped by SIGSTOP, which nobody is told of: the shell has set the terminal to its own needs since. */
  readonly #continued = (): void => {
    this.#lend();
    this.#takeAgain();
  };

  readonly #quitAsked = (): void => {
    this.restore();
    process.kill(process.pid, 'SIGQUIT');
  };

  readonly #resized = (): void => {
    this.#resizeTimer?.abort();
    this.#frames.resizing();
    const timer = new AbortController();
    this.#resizeTimer = timer;
    void this.#parts.clock.sleep(RESIZE_QUIET_MS, timer.signal).then(() => {
      if (timer.signal.aborted || this.#state !== 'ours') return;
      this.#frames.resized();
      this.#tell({ kind: 'resize', size: this.size });
    });
  };
}
