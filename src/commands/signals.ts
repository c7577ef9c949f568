// What SIGINT, SIGTERM and SIGHUP do to a running command. The process's own handlers are put in by process-signals.ts.

export const SIGNAL_NUMBERS = { SIGHUP: 1, SIGINT: 2, SIGTERM: 15 } as const;
export type SignalName = keyof typeof SIGNAL_NUMBERS;

export interface ReceivedSignal {
  readonly name: SignalName;
  /** 1 for the first signal of the process, 2 for the second. */
  readonly count: number;
}
export type SignalHandler = (received: ReceivedSignal) => void;

/** A source of signals: the process, or a test. */
export interface SignalSource {
  /** Starts listening; the returned function stops. */
  listen(handler: (name: SignalName) => void): () => void;
  /** Ends the process now, as the signal would have done without us. */
  endProcess(name: SignalName): void;
}

/** 128 plus the signal's number, as shells report it. */
export function exitCodeOfSignal(name: SignalName): 129 | 130 | 143 {
  return (128 + SIGNAL_NUMBERS[name]) as 129 | 130 | 143;
}

const GRACE_MS = 3000;

/** Follows the signals of one command run. */
export class SignalWatch {
  readonly #abort = new AbortController();
  readonly #source: SignalSource;
  readonly #stopListening: () => void;
  #count = 0;
  #takenOver: SignalHandler | undefined;
  #grace: NodeJS.Timeout | undefined;
  /** The signal that aborted the run; undefined while none came or while a command has taken them over. */
  abortedBy: SignalName | undefined;

  constructor(source: SignalSource) {
    this.#source = source;
    this.#stopListening = source.listen((name) => this.#received(name));
  }

  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  takeOver(handler: SignalHandler): () => void {
    this.#takenOver = handler;
    return () => {
      if (this.#takenOver === handler) this.#takenOver = undefined;
    };
  }

  /** The reader of our output has gone: a command that only prints can stop, one that took over goes on. */
  outputClosed(): void {
    if (!this.#takenOver) this.#abort.abort(new Error('the reader of the output has gone'));
  }

  stop(): void {
    clearTimeout(this.#grace);
    this.#stopListening();
  }

  #received(name: SignalName): void {
    this.#count += 1;
    if (this.#takenOver) {
      if (this.#count >= 3) this.#end(name);
      else this.#takenOver({ name, count: this.#count });
      return;
    }
    if (this.abortedBy !== undefined) {
      this.#end(name);
      return;
    }
    this.abortedBy = name;
    this.#abort.abort(new Error(`stopped by ${name}`));
    // Not a reason to stay alive: a command that ends by itself is not held up.
    this.#grace = setTimeout(() => this.#end(name), GRACE_MS).unref();
  }

  #end(name: SignalName): void {
    this.stop();
    this.#source.endProcess(name);
  }
}
