// A progress bar on one line of a terminal.

import { formatDuration } from './quantities.js';
import { printable } from './sanitize.js';
import type { OutputStream } from './streams.js';
import type { Style } from './style.js';

export interface Progress {
  /** Cheap to call often: drawn at most ten times a second. `total` may become known or change. */
  update(completed: number, total?: number, message?: string): void;
  /** Removes the bar. Must be called, also on failure. */
  done(): void;
}

interface BarSettings {
  readonly label: string;
  readonly total: number | undefined;
  /** How long the work may take without a bar. */
  readonly delayMs: number;
  readonly style: Style;
  readonly monotonicMs: () => number;
}

const REDRAW_MS = 100;
const CLEAR_LINE = '\r\u001B[2K';
const BAR_CELLS = 24;

/** Drawn by update(), never by a timer, so that it cannot keep the process alive. */
export class ProgressBar implements Progress {
  readonly #stream: OutputStream;
  readonly #settings: BarSettings;
  readonly #startedAt: number;
  #total: number | undefined;
  #drawnAt = -Infinity;
  #visible = false;
  #ended = false;

  constructor(stream: OutputStream, settings: BarSettings) {
    this.#stream = stream;
    this.#settings = settings;
    this.#startedAt = settings.monotonicMs();
    this.#total = settings.total;
  }

  update(completed: number, total = this.#total, message = ''): void {
    this.#total = total;
    const now = this.#settings.monotonicMs();
    if (this.#ended || now - this.#startedAt < this.#settings.delayMs || now - this.#drawnAt < REDRAW_MS) return;
    this.#drawnAt = now;
    this.#visible = true;
    this.#stream.write(CLEAR_LINE + this.#line(completed, message, now - this.#startedAt));
  }

  /** Takes the bar off the screen; the next update draws it again below what was printed meanwhile. */
  clear(): void {
    if (this.#visible) this.#stream.write(CLEAR_LINE);
    this.#visible = false;
    this.#drawnAt = -Infinity;
  }

  done(): void {
    this.#ended = true;
    this.clear();
  }

  #line(completed: number, message: string, elapsedMs: number): string {
    const { label, style } = this.#settings;
    const total = this.#total;
    const share = total === undefined || total <= 0 ? undefined : Math.min(1, Math.max(0, completed / total));
    const counts = total === undefined ? String(completed) : `${completed}/${total}`;
    const percent = share === undefined ? '' : ` ${Math.floor(share * 100)} %`;
    const left = share === undefined || share === 0 || share === 1 ? '' : `, ${formatDuration((elapsedMs * (1 - share)) / share)} left`;
    const head = `${printable(label)} `;
    const tail = ` ${counts}${percent}${left}${message === '' ? '' : `  ${printable(message)}`}`;
    const room = this.#stream.columns - 1;
    const cells = share === undefined ? 0 : Math.min(BAR_CELLS, room - head.length - tail.length);
    if (share === undefined || cells < 5) return (head + tail.trimStart()).slice(0, Math.max(0, room));
    const full = Math.round(cells * share);
    return `${head}${style.cyan('█'.repeat(full))}${style.dim('░'.repeat(cells - full))}${tail}`;
  }
}
