// The running dashboard: terminal events and news become messages, messages become the next model, models become frames.

import type { Clock } from '../../ports/clock.js';
import { initialModel, type Start } from '../initial-model.js';
import { wishesOf } from '../interest.js';
import type { Effect, Msg } from '../messages.js';
import type { Model } from '../model.js';
import { dataOf } from '../rows.js';
import { problemOf } from '../source/problem.js';
import { readInLookers } from '../source/lookers.js';
import { Source } from '../source/source.js';
import type { Terminal, TerminalEvent } from '../terminal/terminal.js';
import { update } from '../update/update.js';
import { LOADING_AFTER_MS } from '../view/parts.js';
import { Effects, readInWork } from './effects.js';
import { Perf } from './perf.js';
import type { ChoiceShelf, OpenedProfile } from './place.js';

export interface DashboardParts {
  readonly terminal: Terminal;
  readonly clock: Clock;
  readonly profile: OpenedProfile;
  readonly start: Omit<Start, 'session' | 'size' | 'now'>;
  readonly cwd: string;
  readonly shelf: ChoiceShelf;
  /** Throws what opening a profile throws; the present one stays open then. */
  readonly openProfile: (name: string) => Promise<OpenedProfile>;
  /** Shows a model; whether anything on the screen is another thing now. */
  readonly show: (model: Model) => boolean;
}

const TICK_MS = 1_000;
const READ_IN_AFTER_MS = 1_000;
/** While nothing on the screen counts seconds. */
const CALM_TICKS = 5;

export class DashboardRun {
  readonly #parts: DashboardParts;
  readonly #stop = new AbortController();
  readonly #perf: Perf;
  #profile: OpenedProfile;
  #source: Source;
  #effects: Effects;
  #model: Model;
  /** Counts the profiles that were asked for. */
  #wish = 0;
  #end: (code: number) => void = () => undefined;
  /** The exit code. */
  readonly ended: Promise<number>;

  constructor(parts: DashboardParts) {
    this.#parts = parts;
    this.#perf = new Perf(parts.clock);
    this.#profile = parts.profile;
    this.ended = new Promise((resolve) => (this.#end = resolve));
    this.#model = initialModel({ ...parts.start, saved: parts.shelf.read(), session: parts.profile.session, size: parts.terminal.size, now: parts.clock.now() });
    this.#source = this.#openSource();
    this.#effects = this.#openEffects();
  }

  get model(): Model {
    return this.#model;
  }

  /** Looks and listens from now on. */
  start(): void {
    const stopListening = this.#parts.terminal.listen((event) => this.heard(event));
    this.#stop.signal.addEventListener('abort', stopListening, { once: true });
    this.#source.follow(this.#model);
    this.#parts.show(this.#model);
    void this.#tick();
    void this.#tickAfter(LOADING_AFTER_MS);
    void this.#readIn();
  }

  /** Of the terminal: by listening, and what was typed before. */
  heard(event: TerminalEvent): void {
    if (event.kind === 'gone') this.#end(HANG_UP);
    else this.send(messageOf(event, this.#parts.clock.now()));
  }

  /** Whether anything on the screen is another thing now. */
  send(msg: Msg): boolean {
    if (this.#stop.signal.aborted) return false;
    const [next, effects] = update(this.#model, msg);
    const isNew = next !== this.#model;
    this.#model = next;
    if (isNew) this.#source.follow(next);
    const isOther = isNew && this.#perf.measure(() => this.#parts.show(next));
    for (const effect of effects) this.#run(effect);
    if (msg.t === 'key' && isWaited(next)) void this.#tickAfter(LOADING_AFTER_MS);
    return isOther;
  }

  /** Ends it from outside, by a signal. */
  end(code: number): void {
    this.#end(code);
  }

  /** What runs is stopped after what is at hand, nothing prepared stays behind, the profile is closed. */
  async close(): Promise<void> {
    this.#stop.abort();
    await Promise.all([this.#source.close(), this.#effects.close()]);
    await this.#profile.close();
  }

  #run(effect: Effect): void {
    const { terminal } = this.#parts;
    switch (effect.t) {
      case 'quit':
        return this.#end(effect.code);
      case 'bell':
        return terminal.bell();
      case 'stop':
        return terminal.stop();
      case 'copy':
        return terminal.copy(effect.text);
      case 'switch-profile':
        void this.#switch(effect.name);
        return;
      default:
        this.#effects.run(effect);
    }
  }

  #openSource(): Source {
    return new Source(this.#profile.ports, this.#sendOfProfile());
  }

  #openEffects(): Effects {
    const { terminal, cwd, shelf } = this.#parts;
    return new Effects({ profile: this.#profile, terminal, cwd, shelf, send: this.#sendOfProfile() });
  }

  /** What is found out in a profile that was left by then is not about the present one. */
  #sendOfProfile(): (msg: Msg) => boolean {
    const { epoch } = this.#profile.session;
    return (msg) => this.#profile.session.epoch === epoch && this.send(msg);
  }

  /** The one asked for last is shown; one that opens when nobody waits for it any more is closed again. */
  async #switch(name: string): Promise<void> {
    const { clock, openProfile } = this.#parts;
    const wish = (this.#wish += 1);
    try {
      const opened = await openProfile(name);
      // What was begun in the present profile still tells how it ended.
      await this.#effects.settledSoon();
      if (wish !== this.#wish || this.#stop.signal.aborted) return await opened.close();
      if (this.#model.running !== null) {
        this.send({ t: 'note', at: clock.now(), tone: 'wait', text: `${this.#model.running.verb} was begun meanwhile: profile ${name} is not opened` });
        return await opened.close();
      }
      await this.#leave(opened);
    } catch (error) {
      const { message, hint } = problemOf(error);
      this.send({ t: 'switched', now: clock.now(), session: this.#profile.session, problem: hint === null ? message : `${message} (${hint})` });
    }
  }

  /** Shows the other profile, then gives back what was prepared in this one and closes it. */
  async #leave(opened: OpenedProfile): Promise<void> {
    const before = { profile: this.#profile, source: this.#source, effects: this.#effects };
    this.#profile = { ...opened, session: { ...opened.session, epoch: before.profile.session.epoch + 1 } };
    this.#source = this.#openSource();
    this.#effects = this.#openEffects();
    this.send({ t: 'switched', now: this.#parts.clock.now(), session: this.#profile.session, problem: null });
    await Promise.all([before.source.close(), before.effects.close()]);
    await before.profile.close();
  }

  /** The rest of the program, when the first screen stands. What cannot be read is told of when it is needed. */
  async #readIn(): Promise<void> {
    const { signal } = this.#stop;
    await this.#parts.clock.sleep(READ_IN_AFTER_MS, signal);
    if (signal.aborted) return;
    await readInLookers().then(readInWork).catch(() => undefined);
  }

  /** What takes long enough to be seen says that it loads. */
  async #tickAfter(ms: number): Promise<void> {
    const { clock } = this.#parts;
    await clock.sleep(ms + 10, this.#stop.signal);
    if (isWaited(this.#model)) this.send({ t: 'tick', now: clock.now(), looked: [] });
  }

  async #tick(): Promise<void> {
    const { clock } = this.#parts;
    const { signal } = this.#stop;
    for (let calm = 1; !signal.aborted; calm += 1) {
      await clock.sleep(TICK_MS, signal);
      if (calm < CALM_TICKS && !countsSeconds(this.#model)) continue;
      calm = 0;
      if (this.#model.perf !== null) this.send({ t: 'perf', text: this.#perf.line(this.#parts.terminal.written(), process.memoryUsage.rss()) });
      this.send({ t: 'tick', now: clock.now(), looked: this.#source.takeLooked() });
    }
  }
}

const HANG_UP = 129;

function messageOf(event: Exclude<TerminalEvent, { readonly kind: 'gone' }>, at: number): Msg {
  switch (event.kind) {
    case 'key':
      return { t: 'key', key: event.key, at };
    case 'paste':
      return { t: 'paste', text: event.text, at };
    case 'resize':
      return { t: 'resize', size: event.size };
    case 'focus':
      return { t: 'focus', focused: event.focused, at };
  }
}

/** Something on the screen has not been answered yet. */
function isWaited(model: Model): boolean {
  return wishesOf(model).some(({ interest: { slice }, visible }) => visible && dataOf(model, slice) === null);
}

/** A line that goes by itself, a retry that is counted down, rows that are held back, a plan that gets too old. */
function countsSeconds({ perf, flash, running, dialog, jobs, slices }: Model): boolean {
  return perf !== null || flash !== null || running !== null || dialog !== null || jobs.held !== null || Object.values(slices).some(({ state }) => state === 'error');
}
