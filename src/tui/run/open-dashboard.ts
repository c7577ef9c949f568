// Opens the dashboard on a terminal and stays until it ends. The first frame is on the screen before React is read in.

import type { Clock } from '../../ports/clock.js';
import { initialModel, type Start } from '../initial-model.js';
import type { Model } from '../model.js';
import type { Size, Terminal } from '../terminal/terminal.js';
import { paintLine } from '../theme.js';
import type { Painted } from '../view/app.js';
import { frame } from '../view/frame.js';
import type { InkScreen } from '../view/ink-screen.js';
import { DashboardRun } from './dashboard-run.js';
import type { EarlyEvents } from './early-events.js';
import type { ChoiceShelf, OpenedProfile } from './place.js';
import type { Session } from '../model.js';

export interface OpenDashboard {
  readonly terminal: Terminal;
  readonly clock: Clock;
  readonly start: Omit<Start, 'session' | 'size' | 'now'>;
  readonly cwd: string;
  readonly shelf: ChoiceShelf;
  /** What is known of the profile before it is open. */
  readonly session: Session;
  /** Opens the profile of the command line; throws what opening a profile throws. */
  readonly openFirst: () => Promise<OpenedProfile>;
  readonly openProfile: (name: string) => Promise<OpenedProfile>;
  /** Whoever left, and what was typed, since the first frame. */
  readonly early: EarlyEvents;
}

/** Opening takes longer than this when something is in its way. */
const PATIENCE_MS = 1_000;

/** The exit code. The terminal is what it was when this resolves or rejects. */
export async function openDashboard(options: OpenDashboard): Promise<number> {
  const { terminal, clock, start, session, early } = options;
  const screen = new Screen(terminal);
  const connecting = initialModel({ ...start, session, size: terminal.size, now: clock.now() });
  screen.show(connecting);
  const loading = screen.loadInk();
  // What is wrong with it is told where the profile's problem is not in the way.
  loading.catch(() => undefined);
  const opening = options.openFirst();
  const patience = new AbortController();
  void clock.sleep(PATIENCE_MS, patience.signal).then(() => {
    const text = `still opening ${session.place}: another process may hold it, or it does not answer. Ctrl-C leaves`;
    if (!patience.signal.aborted) screen.show({ ...connecting, size: terminal.size, flash: { tone: 'wait', text, until: Infinity } });
  });
  try {
    const profile = await Promise.race([opening, terminal.failure, early.left]).finally(() => patience.abort());
    if (typeof profile === 'number') {
      opening.then((opened) => opened.close()).catch(() => undefined);
      return profile;
    }
    const run = new DashboardRun({ terminal, clock, profile, start, cwd: options.cwd, shelf: options.shelf, openProfile: options.openProfile, show: (model) => screen.show(model) });
    void early.left.then((code) => run.end(code));
    try {
      run.start();
      for (const event of early.take()) run.heard(event);
      const [code] = await Promise.race([Promise.all([run.ended, loading]), terminal.failure]);
      return code;
    } finally {
      screen.close();
      terminal.restore();
      await run.close();
    }
  } finally {
    screen.close();
    terminal.restore();
  }
}

/** Frames by plain strings until Ink is loaded, by Ink from then on. */
class Screen {
  readonly #terminal: Terminal;
  #ink: InkScreen | undefined;
  #newest: Painted = { columns: 0, rows: [] };
  #size: Size | undefined;
  #closed = false;

  constructor(terminal: Terminal) {
    this.#terminal = terminal;
  }

  /** Whether anything is another thing now. */
  show(model: Model): boolean {
    if (this.#closed) return false;
    const painted = { columns: model.size.columns, rows: frame(model).map((row) => paintLine(row, model.look).trimEnd()) };
    const isKnown = isSame(this.#newest, painted);
    if (isKnown && this.#size === model.size) return false;
    this.#newest = painted;
    this.#size = model.size;
    // A window that had another size for a moment has lost what it showed, and Ink draws nothing twice. Each message of a
    // size brings a new object.
    if (isKnown || this.#ink === undefined) this.#terminal.draw(this.#newest.rows.join('\n'));
    else this.#ink.show(this.#newest);
    return true;
  }

  async loadInk(): Promise<void> {
    const { openInkScreen } = await import('../view/ink-screen.js');
    if (!this.#closed) this.#ink = openInkScreen(this.#newest, (text) => this.#terminal.draw(text));
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#ink?.close();
  }
}

function isSame(before: Painted, after: Painted): boolean {
  return before.columns === after.columns && before.rows.length === after.rows.length && after.rows.every((row, index) => row === before.rows[index]);
}
