// A dashboard on a real SQLite file, with a terminal that a test types on and reads from.

import { onTestFinished } from 'vitest';
import { loadConfig } from '../../src/config/config.js';
import { placeAt } from '../../src/config/data-dir.js';
import { openEnvironment } from '../../src/config/environment.js';
import { systemClock, type Clock } from '../../src/ports/clock.js';
import { openRuntime } from '../../src/runtime.js';
import type { Model, Session } from '../../src/tui/model.js';
import { DashboardRun } from '../../src/tui/run/dashboard-run.js';
import type { OpenedProfile } from '../../src/tui/run/place.js';
import type { Size, Terminal, TerminalEvent } from '../../src/tui/terminal/terminal.js';
import { plainText } from '../../src/tui/text.js';
import { frame } from '../../src/tui/view/frame.js';
import { keyOf, SESSION } from './tui-model.js';
import { until } from './turns.js';

/** A terminal without a process around it. */
export class TestTerminal implements Terminal {
  readonly failure = new Promise<never>(() => undefined);
  readonly copied: string[] = [];
  size: Size;
  bells = 0;
  restored = 0;
  drawn = '';
  /** What the editor leaves; null: it ended with an error. */
  editor: (text: string) => string | null = (text) => text;
  readonly #listeners = new Set<(event: TerminalEvent) => void>();

  constructor(size: Size = { columns: 100, rows: 30 }) {
    this.size = size;
  }

  emit(event: TerminalEvent): void {
    for (const listener of this.#listeners) listener(event);
  }

  draw(text: string): void {
    this.drawn = text;
  }

  listen(listener: (event: TerminalEvent) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  suspend<T>(run: () => Promise<T>): Promise<T> {
    return run();
  }

  edit({ text }: { readonly text: string }): Promise<string | null> {
    return Promise.resolve(this.editor(text));
  }

  copy(text: string): void {
    this.copied.push(text);
  }

  written(): { frames: number; bytes: number; dropped: number } {
    return { frames: 0, bytes: 0, dropped: 0 };
  }

  bell(): void {
    this.bells += 1;
  }

  stop(): void {
    return;
  }

  restore(): void {
    this.restored += 1;
  }
}

export interface TestDashboard {
  readonly run: DashboardRun;
  readonly terminal: TestTerminal;
  readonly profile: OpenedProfile;
  readonly model: () => Model;
  readonly screen: () => string;
  press(...names: readonly string[]): void;
  /** As `press`, after the moment in which a dialog takes no keys. */
  answer(...names: readonly string[]): Promise<void>;
  /** Resolves when the screen shows the text. */
  shows(text: string): Promise<void>;
}

export interface TestDashboardChange {
  readonly session?: Partial<Session>;
  readonly cwd?: string;
  /** What every profile looks at and works with. */
  readonly clock?: Clock;
  /** Another profile opens when this has resolved. */
  readonly beforeOther?: () => Promise<void>;
}

/** Closed when the test has ended. `dataDir` has been used, or is new. */
export async function openTestDashboard(dataDir: string, change: TestDashboardChange = {}): Promise<TestDashboard> {
  const open = async (name?: string): Promise<OpenedProfile> => {
    const env = await openEnvironment({ COPILOTEVAL_USER: 'ada' }, dataDir);
    const config = loadConfig({ place: placeAt(dataDir, 'test', true), env, cwd: dataDir, profile: name });
    const runtime = await openRuntime(config);
    const session = { ...SESSION, profile: config.profile, userId: 'ada', ...change.session };
    return { ports: { ...runtime, clock: change.clock ?? runtime.clock }, session, retentionDays: 90, close: () => runtime.close() };
  };
  const terminal = new TestTerminal();
  const profile = await open();
  const run = new DashboardRun({
    terminal,
    clock: systemClock,
    profile,
    start: { look: { theme: 'mono', ascii: false }, view: 'overview', filter: '' },
    shelf: { read: () => ({ filters: [], columns: {} }), changeFilter: (filter, keep) => (keep ? [filter] : []), changeColumns: () => undefined },
    cwd: change.cwd ?? dataDir,
    openProfile: async (name) => {
      await change.beforeOther?.();
      return open(name);
    },
    show: (model) => {
      for (const row of frame(model)) if (row.length === 0) throw new Error('a row without text');
      return true;
    },
  });
  onTestFinished(() => run.close());
  run.start();
  const screen = (): string => frame(run.model).map(plainText).join('\n');
  const press = (...names: readonly string[]): void => {
    for (const name of names) terminal.emit({ kind: 'key', key: keyOf(name) });
  };
  return {
    run,
    terminal,
    profile,
    model: () => run.model,
    screen,
    press,
    answer: async (...names) => {
      await until(() => run.model.dialog?.kind === 'ask' && systemClock.now() - run.model.dialog.openedAt >= 300, 'a question old enough to be answered');
      press(...names);
    },
    shows: async (text) => {
      try {
        await until(() => screen().includes(text), text);
      } catch (error) {
        throw new Error(`the screen never showed ${JSON.stringify(text)}; it shows\n${screen()}`, { cause: error });
      }
    },
  };
}
