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

/**
 * The streams of the running process. Writing to a closed pipe is quiet from then on. Each stream is made when it is
 * first used: making one costs Node milliseconds, and `--version` needs a single one.
 */
export function processStreams(owner: NodeJS.Process): Streams {
  const listeners: (() => void)[] = [];
  const outputClosed = (): void => {
    for (const listener of listeners) listener();
  };
  return {
    get stdin() {
      return owner.stdin;
    },
    get stdinIsTerminal() {
      return owner.stdin.isTTY;
    },
    stdout: outputStream(
      () => owner.stdout,
      (error) => {
        if (error.code !== 'EPIPE') reportLostOutput(error, owner);
        outputClosed();
      },
    ),
    // Nobody is left to tell when stderr is gone.
    stderr: outputStream(() => owner.stderr, () => undefined),
    onOutputClosed: (listener) => void listeners.push(listener),
  };
}

/** A full disk, for instance: what was printed is lost, so the command has failed whatever it did. */
function reportLostOutput(error: Error, owner: NodeJS.Process): void {
  owner.stderr.write(`error: the output cannot be written: ${error.message}  [FILE_UNWRITABLE]\n`);
  // The command may end later and set its own exit code.
  owner.once('exit', () => {
    owner.exitCode = 1;
  });
}

/** Calls `onLost` once, at the first error; what is written after it goes nowhere. */
function outputStream(open: () => NodeJS.WriteStream, onLost: (error: NodeJS.ErrnoException) => void): OutputStream {
  let stream: NodeJS.WriteStream | undefined;
  let closed = false;
  const opened = (): NodeJS.WriteStream => {
    if (stream !== undefined) return stream;
    stream = open();
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (closed) return;
      closed = true;
      onLost(error);
    });
    return stream;
  };
  return {
    get isTerminal() {
      return opened().isTTY;
    },
    get columns() {
      return opened().isTTY && opened().columns > 0 ? opened().columns : 80;
    },
    write: (text) => {
      if (!closed) opened().write(text);
    },
  };
}
