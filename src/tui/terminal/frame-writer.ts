// FrameWriter: stands in for stdout in front of Ink, keeps the frame that is on the screen and writes only the rows that
// changed. One write per frame, no row erased before it is written, nothing at all when nothing changed.
//
// Ink 6.8 runs with `debug: true`, which hands over each frame as one whole string and leaves the screen alone; its own
// writer rewrites every line and clears the screen when the frame fills it (test: frame-writer-ink.test.ts pins this).

import { EventEmitter } from 'node:events';

import { textWidth } from '../../output/text-width.js';
import type { Clock } from '../../ports/clock.js';

/** What of the real terminal is needed. */
export interface FrameTarget {
  size(): { readonly columns: number; readonly rows: number };
  write(text: string): void;
  /** Characters on their way that the terminal has not taken yet. */
  backlog(): number;
  onDrain(handler: () => void): void;
}

/** Frames closer together than this become one: no screen shows more, and a burst of keys is one frame. */
const FRAME_MS = 16;
/** A slow line gets the newest frame when it is ready for one, not all that were drawn meanwhile. */
const MAX_BACKLOG = 64 * 1024;

const BEGIN_FRAME = '\u001b[?2026h';
const END_FRAME = '\u001b[?2026l';
const RESET = '\u001b[0m';
const CLEAR = '\u001b[2J';
const ERASE_TAIL = '\u001b[K';

export interface FrameWriterParts {
  readonly target: FrameTarget;
  readonly clock: Clock;
}

export class FrameWriter extends EventEmitter {
  readonly isTTY = true;
  /** Frames that were replaced by a newer one before they could be written. */
  dropped = 0;
  frames = 0;
  bytes = 0;
  readonly #parts: FrameWriterParts;
  #onScreen: readonly string[] = [];
  #pending: string | undefined;
  #writtenAt = -FRAME_MS;
  #timer: AbortController | undefined;
  #mustClear = false;
  #waitsForDrain = false;
  #suspended = false;
  #last: string | undefined;

  constructor(parts: FrameWriterParts) {
    super();
    this.#parts = parts;
  }

  get columns(): number {
    return this.#parts.target.size().columns;
  }

  get rows(): number {
    return this.#parts.target.size().rows;
  }

  /** Ink's side: a whole frame. Cursor commands, which it writes on their own, are not for the screen. */
  write(text: string, done?: () => void): boolean {
    if (text !== '' && !text.startsWith('\u001b[?25')) this.#take(text);
    done?.();
    return true;
  }

  /** What is on the screen is not what was written any more: the next frame is drawn whole, after one clear. */
  redraw(): void {
    this.#onScreen = [];
    this.#mustClear = true;
    this.#pending ??= this.#last;
    this.flush();
  }

  /** The terminal has another size. */
  resized(): void {
    this.#onScreen = [];
    this.#mustClear = true;
    this.emit('resize');
  }

  /** Another program has the screen: frames are kept, not written. */
  suspend(): void {
    this.#suspended = true;
  }

  resume(): void {
    this.#suspended = false;
    this.redraw();
  }

  /** Writes the newest frame now. */
  flush(): void {
    this.#timer?.abort();
    this.#timer = undefined;
    if (this.#pending === undefined || this.#suspended || this.#mustWaitForDrain()) return;
    const frame = this.#pending;
    this.#pending = undefined;
    this.#last = frame;
    this.#put(frame.split('\n').slice(0, this.rows));
  }

  #take(frame: string): void {
    if (this.#pending !== undefined) this.dropped += 1;
    this.#pending = frame;
    const waitMs = this.#writtenAt + FRAME_MS - this.#parts.clock.monotonic();
    if (waitMs <= 0) this.flush();
    else if (this.#timer === undefined) void this.#flushLater(waitMs);
  }

  async #flushLater(waitMs: number): Promise<void> {
    const timer = new AbortController();
    this.#timer = timer;
    await this.#parts.clock.sleep(waitMs, timer.signal);
    if (!timer.signal.aborted) this.flush();
  }

  #mustWaitForDrain(): boolean {
    const { target } = this.#parts;
    if (target.backlog() <= MAX_BACKLOG) return false;
    if (!this.#waitsForDrain) {
      this.#waitsForDrain = true;
      target.onDrain(() => {
        this.#waitsForDrain = false;
        this.flush();
      });
    }
    return true;
  }

  #put(rows: readonly string[]): void {
    const text = this.#changes(rows);
    this.#onScreen = rows;
    this.#writtenAt = this.#parts.clock.monotonic();
    if (text === '') return;
    const whole = BEGIN_FRAME + text + END_FRAME;
    this.frames += 1;
    this.bytes += Buffer.byteLength(whole);
    this.#parts.target.write(whole);
  }

  #changes(rows: readonly string[]): string {
    let text = '';
    if (this.#mustClear) text += RESET + CLEAR;
    this.#mustClear = false;
    for (let row = 0; row < Math.max(rows.length, this.#onScreen.length); row += 1) {
      const line = rows[row] ?? '';
      if (line !== this.#onScreen[row]) text += `\u001b[${row + 1};1H${line}${RESET}${this.#tail(line)}`;
    }
    return text;
  }

  /** Nothing after a row as wide as the screen: without wrapping, tmux would erase its last character. */
  #tail(line: string): string {
    return textWidth(line) < this.columns ? ERASE_TAIL : '';
  }
}
