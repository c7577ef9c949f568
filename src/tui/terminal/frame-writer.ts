// FrameWriter: keeps the frame that is on the screen and writes only the rows that changed. One write per frame, no row
// erased before it is written, nothing at all when nothing changed.

import { textWidth } from '../../output/text-width.js';
import type { Clock } from '../../ports/clock.js';
import type { Size, Written } from './terminal.js';

/** What of the real terminal is needed. */
export interface FrameTarget {
  size(): Size;
  write(text: string): void;
  /** Characters on their way that the terminal has not taken yet. */
  backlog(): number;
  onDrain(handler: () => void): void;
}

/** Frames closer together than this become one: no screen shows more, and a burst of keys is one frame. */
const FRAME_MS = 16;

// DEC mode 2026: the terminal shows what is between them in one step, where it knows it.
const BEGIN_FRAME = '\u001b[?2026h';
const END_FRAME = '\u001b[?2026l';
const RESET = '\u001b[0m';
const CLEAR = '\u001b[2J';
const ERASE_TAIL = '\u001b[K';

export class FrameWriter {
  readonly #target: FrameTarget;
  readonly #clock: Clock;
  #onScreen: readonly string[] = [];
  /** The newest frame; drawn or not. */
  #newest: string | undefined;
  #isDrawn = true;
  #writtenAt = -FRAME_MS;
  #timer: AbortController | undefined;
  #mustClear = false;
  #waitsForDrain = false;
  #suspended = false;
  #written: Written = { frames: 0, bytes: 0, dropped: 0 };
  #isResizing = false;

  constructor(target: FrameTarget, clock: Clock) {
    this.#target = target;
    this.#clock = clock;
  }

  get written(): Written {
    return this.#written;
  }

  /** Shows the frame, at once or, when one was written just now, as soon as a screen can show it; unless a newer one comes. */
  draw(frame: string): void {
    if (!this.#isDrawn) this.#written = { ...this.#written, dropped: this.#written.dropped + 1 };
    this.#newest = frame;
    this.#isDrawn = false;
    const waitMs = this.#writtenAt + FRAME_MS - this.#clock.monotonic();
    if (waitMs <= 0) this.#flush();
    else if (this.#timer === undefined) void this.#flushLater(waitMs);
  }

  /** The terminal is changing its size: frames are for another one, and none is written until `resized`. */
  resizing(): void {
    this.#isResizing = true;
  }

  /** The terminal has another size: what it shows now is anybody's guess. The next frame is written whole, after one clear. */
  resized(): void {
    this.#isResizing = false;
    // Those that were drawn meanwhile were for the size before.
    this.#isDrawn = true;
    this.#forgetScreen();
  }

  /** Another program has the screen: frames are kept, not written. */
  suspend(): void {
    this.#suspended = true;
  }

  /** Writes the newest frame whole. */
  resume(): void {
    this.#suspended = false;
    this.#isResizing = false;
    this.#forgetScreen();
    this.#isDrawn = this.#newest === undefined;
    this.#flush();
  }

  #forgetScreen(): void {
    this.#onScreen = [];
    this.#mustClear = true;
  }

  async #flushLater(waitMs: number): Promise<void> {
    const timer = new AbortController();
    this.#timer = timer;
    await this.#clock.sleep(waitMs, timer.signal);
    if (!timer.signal.aborted) this.#flush();
  }

  #flush(): void {
    this.#timer?.abort();
    this.#timer = undefined;
    if (this.#newest === undefined || this.#isDrawn || this.#suspended || this.#isResizing || this.#mustWaitForDrain()) return;
    this.#isDrawn = true;
    this.#put(this.#newest.split('\n').slice(0, this.#target.size().rows));
  }

  /** A slow line gets the newest frame when it has taken the one before, not all that were drawn meanwhile. */
  #mustWaitForDrain(): boolean {
    if (this.#target.backlog() === 0) return false;
    if (!this.#waitsForDrain) {
      this.#waitsForDrain = true;
      this.#target.onDrain(() => {
        this.#waitsForDrain = false;
        this.#flush();
      });
    }
    return true;
  }

  #put(rows: readonly string[]): void {
    const text = this.#changes(rows);
    this.#onScreen = rows;
    this.#writtenAt = this.#clock.monotonic();
    if (text === '') return;
    const { frames, bytes, dropped } = this.#written;
    this.#written = { frames: frames + 1, bytes: bytes + Buffer.byteLength(text), dropped };
    this.#target.write(BEGIN_FRAME + text + END_FRAME);
  }

  #changes(rows: readonly string[]): string {
    const { columns } = this.#target.size();
    let text = this.#mustClear ? RESET + CLEAR : '';
    this.#mustClear = false;
    for (let row = 0; row < Math.max(rows.length, this.#onScreen.length); row += 1) {
      const line = rows[row] ?? '';
      if (line === this.#onScreen[row]) continue;
      // Nothing after a row as wide as the screen: without wrapping, tmux would erase its last character.
      const tail = textWidth(line) < columns ? ERASE_TAIL : '';
      text += `\u001b[${row + 1};1H${line}${RESET}${tail}`;
    }
    return text;
  }
}
