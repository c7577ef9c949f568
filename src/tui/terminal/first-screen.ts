// The very first thing of `copiloteval dashboard`: the other screen, and a frame on it, before the program is read in. Until
// the dashboard takes the screen over, whatever else happens gives it back first: an error that is printed, a signal, a crash,
// the end of the process. Loads nothing, since it comes before everything.

import { writeSync } from 'node:fs';
import { LEAVE_MODES, SCREEN_MODES } from './terminal-modes.js';

const SIGNALS = ['SIGHUP', 'SIGINT', 'SIGTERM', 'SIGQUIT'] as const;

export class FirstScreen {
  readonly #owner: NodeJS.Process;
  readonly #write: (text: string) => void;
  #isOpen = false;

  constructor(owner: NodeJS.Process, write: (text: string) => void = writeNow) {
    this.#owner = owner;
    this.#write = write;
  }

  /** `frame`: rows with line feeds between them, for the whole screen. */
  paint(frame: string): void {
    this.#isOpen = true;
    this.#hook('on');
    // First of all: what is typed from now on is kept for the dashboard, and not echoed over the frame.
    this.#setRaw(true);
    this.#write(`${SCREEN_MODES}${frame.split('\n').map((row, index) => (row === '' ? '' : `\u001b[${index + 1};1H${row}`)).join('')}`);
  }

  /** Whether there is a painted screen: from now on it is the caller's to give back. */
  take(): boolean {
    const isOpen = this.#isOpen;
    this.#isOpen = false;
    this.#hook('off');
    return isOpen;
  }

  /** Leaves the terminal as it was; does nothing when nothing was painted, or it is somebody else's by now. */
  readonly giveBack = (): void => {
    if (!this.take()) return;
    this.#write(LEAVE_MODES);
    this.#setRaw(false);
  };

  /** The same stream, before whose first character the screen is given back. */
  before<S extends { write(text: string): void }>(stream: S): S {
    return new Proxy(stream, {
      get: (target, name) => {
        if (name !== 'write') return Reflect.get(target, name) as unknown;
        return (text: string): void => {
          this.giveBack();
          target.write(text);
        };
      },
    });
  }

  /** A terminal that is gone has no mode to set. */
  #setRaw(raw: boolean): void {
    try {
      this.#owner.stdin.setRawMode(raw);
    } catch {
      return;
    }
  }

  #hook(to: 'on' | 'off'): void {
    const { giveBack } = this;
    this.#owner[to]('exit', giveBack)[to]('uncaughtExceptionMonitor', giveBack);
    for (const name of SIGNALS) this.#owner[to](name, this.#signalled);
  }

  readonly #signalled = (name: NodeJS.Signals): void => {
    this.giveBack();
    // Nobody else listens yet: the signal does what it does by default.
    if (this.#owner.listenerCount(name) === 0) this.#owner.kill(this.#owner.pid, name);
  };
}

/** Of this process, which has one terminal. */
export const firstScreen = new FirstScreen(process);

/** Of the process. */
interface ScreenFacts {
  readonly stdin: { readonly isTTY: boolean };
  readonly stdout: { readonly isTTY: boolean };
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** Whether this command line, most likely, will show the screen. Anything unusual is left to the command itself. */
export function wantsFirstScreen(argv: readonly string[], { stdin, stdout, env }: ScreenFacts): boolean {
  const [command, ...words] = argv;
  if (command !== 'dashboard' || words.some((word) => OTHER_USES.test(word))) return false;
  return stdout.isTTY && stdin.isTTY && env['TERM'] !== 'dumb';
}

const OTHER_USES = /^(-h|-o.*|--(help|once|plain|output|reset-terminal)(=.*)?)$/;

/** A terminal that takes nothing just now gets its first frame later. */
function writeNow(text: string): void {
  try {
    writeSync(1, text);
  } catch {
    return;
  }
}
