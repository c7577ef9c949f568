// What happens between the first frame and the running dashboard: whoever wants to leave then leaves, and keys that are
// typed ahead wait for the screen they are meant for.

import type { Terminal, TerminalEvent } from '../terminal/terminal.js';

const MOST_KEPT = 200;
const HANG_UP = 129;

export class EarlyEvents {
  /** Resolves with the exit code when somebody leaves; a signal ends the dashboard by this also later. */
  readonly left: Promise<number>;
  readonly #stopListening: () => void;
  readonly #kept: TerminalEvent[] = [];
  #leave: (code: number) => void = () => undefined;

  constructor(terminal: Pick<Terminal, 'listen'>) {
    this.left = new Promise((resolve) => (this.#leave = resolve));
    this.#stopListening = terminal.listen((event) => this.#heard(event));
  }

  leave(code: number): void {
    this.#leave(code);
  }

  /** What came so far, in order. From now on events are somebody else's. */
  take(): readonly TerminalEvent[] {
    this.#stopListening();
    return this.#kept.splice(0);
  }

  #heard(event: TerminalEvent): void {
    if (event.kind === 'gone') this.#leave(HANG_UP);
    else if (event.kind === 'key' && event.key.name === 'ctrl-c') this.#leave(0);
    else if (this.#kept.length < MOST_KEPT) this.#kept.push(event);
  }
}
