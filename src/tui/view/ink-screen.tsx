// Ink as a painter of whole frames: it lays out and renders the tree, and hands each frame to us instead of the terminal.

import { EventEmitter } from 'node:events';
import { Readable } from 'node:stream';
import { render } from 'ink';
import type { Size } from '../terminal/terminal.js';
import { App, type FrameStore, type Painted } from './app.js';

export interface InkScreen {
  show(painted: Painted): void;
  close(): void;
}

/**
 * `draw` gets one frame for each `show`, in step with it. Ink 6.8.0 in debug mode writes the whole frame once per commit,
 * past its own throttle, cursor handling and clearing; a test holds it to that.
 */
export function openInkScreen(first: Painted, draw: (frame: string) => void): InkScreen {
  const store = new Store(first);
  const output = new FrameOutput(() => store.size(), draw);
  const instance = render(<App store={store} />, {
    // Ink asks these streams for size, `write` and events, and for nothing else.
    stdout: output as unknown as NodeJS.WriteStream,
    stderr: output.silent as unknown as NodeJS.WriteStream,
    stdin: new Readable({ read: () => undefined }) as unknown as NodeJS.ReadStream,
    debug: true,
    patchConsole: false,
    exitOnCtrlC: false,
    isScreenReaderEnabled: false,
  });
  return {
    show: (painted) => {
      const isOtherSize = painted.columns !== store.current().columns;
      store.set(painted);
      if (isOtherSize) output.emit('resize');
    },
    close: () => {
      output.end();
      instance.unmount();
    },
  };
}

class Store implements FrameStore {
  #painted: Painted;
  readonly #listeners = new Set<() => void>();

  constructor(first: Painted) {
    this.#painted = first;
  }

  readonly current = (): Painted => this.#painted;

  readonly subscribe = (onChange: () => void): (() => void) => {
    this.#listeners.add(onChange);
    return () => this.#listeners.delete(onChange);
  };

  size(): Size {
    return { columns: this.#painted.columns, rows: this.#painted.rows.length };
  }

  set(painted: Painted): void {
    this.#painted = painted;
    for (const listener of this.#listeners) listener();
  }
}

// eslint-disable-next-line no-control-regex -- Ink's own cursor sequences
const CURSOR_MODE = /^\u001B\[\?25[hl]$/;

class FrameOutput extends EventEmitter {
  readonly isTTY = true;
  readonly silent = Object.assign(new EventEmitter(), { isTTY: true, columns: 80, rows: 24, write: () => true });
  #ended = false;

  constructor(
    private readonly size: () => Size,
    private readonly draw: (frame: string) => void,
  ) {
    super();
  }

  get columns(): number {
    return this.size().columns;
  }

  get rows(): number {
    return this.size().rows;
  }

  write(text: string): boolean {
    if (!this.#ended && text !== '' && !CURSOR_MODE.test(text)) this.draw(text);
    return true;
  }

  end(): void {
    this.#ended = true;
  }
}
