// Ink as a painter of whole frames: it lays out and renders the tree, and hands each frame to us instead of the terminal.

import { EventEmitter } from 'node:events';
import { Readable } from 'node:stream';
import { render } from 'ink';
import { App, type Painted } from './app.js';

export interface InkScreen {
  show(painted: Painted): void;
  close(): void;
}

/**
 * `draw` gets one frame for each `show` that changes something, before `show` returns. Ink 6.8.0 in debug mode writes the
 * whole frame once per commit, past its own throttle, cursor handling and clearing; a test holds it to that.
 */
export function openInkScreen(first: Painted, draw: (frame: string) => void): InkScreen {
  const output = new FrameOutput(first, draw);
  const instance = render(<App {...first} />, {
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
      output.resize(painted);
      instance.rerender(<App {...painted} />);
    },
    close: () => {
      output.end();
      instance.unmount();
    },
  };
}

// eslint-disable-next-line no-control-regex -- Ink's own cursor sequences
const CURSOR_MODE = /^\u001B\[\?25[hl]$/;

class FrameOutput extends EventEmitter {
  readonly isTTY = true;
  readonly silent = Object.assign(new EventEmitter(), { isTTY: true, columns: 80, rows: 24, write: () => true });
  columns: number;
  rows: number;
  readonly #draw: (frame: string) => void;
  #isOpen = true;

  constructor({ columns, rows }: Painted, draw: (frame: string) => void) {
    super();
    this.columns = columns;
    this.rows = rows.length;
    this.#draw = draw;
  }

  write(text: string): boolean {
    if (this.#isOpen && text !== '' && !CURSOR_MODE.test(text)) this.#draw(text);
    return true;
  }

  /** The next tree is laid out in this width. */
  resize({ columns, rows }: Painted): void {
    const isOther = columns !== this.columns;
    this.columns = columns;
    this.rows = rows.length;
    // Ink draws the present tree anew when it hears of another size; only the next one is of that size.
    const isOpen = this.#isOpen;
    this.#isOpen = false;
    if (isOther) this.emit('resize');
    this.#isOpen = isOpen;
  }

  end(): void {
    this.#isOpen = false;
  }
}
