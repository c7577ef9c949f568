// The three standard streams, as far as the program uses them. Tests pass their own.

import type { Readable } from 'node:stream';

export interface OutputStream {
  readonly isTerminal: boolean;
  /** Width of the terminal; 80 when there is none. Read anew each time: terminals are resized. */
  readonly columns: number;
  write(text: string): void;
}

export interface Streams {
  readonly stdin: Readable;
  readonly stdinIsTerminal: boolean;
  readonly stdout: OutputStream;
  readonly stderr: OutputStream;
  /** Calls `listener` once when the reader of stdout has gone (EPIPE), as with `| head -1`. */
  onOutputClosed(listener: () => void): void;
}

/** The streams of the running process. Writing to a closed pipe is quiet from then on. */
export function processStreams(owner: NodeJS.Process): Streams {
  const listeners: (() => void)[] = [];
  let closed = false;
  owner.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
    if (closed) return;
    closed = true;
    for (const listener of listeners) listener();
  });
  // Nobody is left to tell when stderr is gone.
  owner.stderr.on('error', () => undefined);
  return {
    stdin: owner.stdin,
    stdinIsTerminal: owner.stdin.isTTY,
    stdout: outputStream(owner.stdout, () => closed),
    stderr: outputStream(owner.stderr, () => false),
    onOutputClosed: (listener) => void listeners.push(listener),
  };
}

function outputStream(stream: NodeJS.WriteStream, isClosed: () => boolean): OutputStream {
  return {
    get isTerminal() {
      return stream.isTTY;
    },
    get columns() {
      return stream.isTTY && stream.columns > 0 ? stream.columns : 80;
    },
    write: (text) => {
      if (!isClosed()) stream.write(text);
    },
  };
}
