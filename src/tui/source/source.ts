// The live source: keeps one watch for each question of the visible screen, and sends what is new in bundles.

import type { SliceName } from '../data.js';
import { wishesOf, type Wish } from '../interest.js';
import type { Looked, Msg, SliceUpdate } from '../messages.js';
import type { Model, Pace } from '../model.js';
import { tailEntries } from './event-tail.js';
import { openLookers, type Lookers } from './lookers.js';
import { isUnhurried, rhythmOf, unhurried } from './pace.js';
import { isCostly, type DashboardPorts } from './ports.js';
import { Watch } from './watch.js';

/** News within this time is one message, so one frame. */
const BUNDLE_MS = 100;

export class Source {
  readonly #ports: DashboardPorts;
  readonly #send: (msg: Msg) => boolean;
  readonly #lookers: Lookers;
  readonly #watches = new Map<string, Watching>();
  readonly #stop = new AbortController();
  readonly #looked = new Map<SliceName, Looked>();
  readonly #tail: Promise<void>;
  #pace: Pace | undefined;
  #bundle: SliceUpdate[] = [];
  #bundling = false;
  #sentAt = -Infinity;

  /** `send` answers whether the screen shows another thing now. */
  constructor(ports: DashboardPorts, send: (msg: Msg) => boolean) {
    this.#ports = ports;
    this.#send = send;
    this.#lookers = openLookers(ports);
    this.#tail = tailEntries(ports, this.#stop.signal, (entries, skipped) => send({ t: 'events', now: ports.clock.now(), entries, skipped }));
  }

  /** Looks after what this model asks for, and after nothing else. Called after every change of it; cheap when nothing changed. */
  follow(model: Model): void {
    const before = this.#pace;
    this.#pace = model.pace;
    const wishes = wishesOf(model);
    const wanted = new Set(wishes.map(({ key }) => key));
    for (const [key, { watch }] of this.#watches) {
      if (wanted.has(key)) continue;
      watch.end();
      this.#watches.delete(key);
    }
    const isRefresh = before !== undefined && before.refreshes !== model.pace.refreshes;
    if (isRefresh) this.#lookers.forget();
    const isOtherPace = before !== undefined && paceText(before) !== paceText(model.pace);
    // Whoever presses a key wants to see news again as they come.
    const isKey = before?.lastKeyAt !== model.pace.lastKeyAt;
    for (const wish of wishes) {
      const known = this.#watches.get(wish.key);
      if (known === undefined) this.#watches.set(wish.key, { wish, unseen: 0, watch: this.#watch(wish.key, wish) });
      else {
        const isShownNow = wish.visible && !known.wish.visible;
        const isAwaited = isKey && isUnhurried(known.unseen);
        known.wish = wish;
        if (isAwaited) known.unseen = 0;
        if (isRefresh || isOtherPace || isShownNow || isAwaited) known.watch.poke((isRefresh && wish.visible) || isShownNow);
      }
    }
  }

  /** Slices that were looked at since the last call and had not changed. */
  takeLooked(): readonly Looked[] {
    const looked = [...this.#looked.values()];
    this.#looked.clear();
    return looked;
  }

  /** Resolves when nothing looks any more. */
  async close(): Promise<void> {
    this.#stop.abort();
    const ended = [...this.#watches.values()].map(({ watch }) => {
      watch.end();
      return watch.ended;
    });
    this.#watches.clear();
    await Promise.all([this.#tail, ...ended]);
  }

  #watch(key: string, { interest }: Wish): Watch {
    const { ports } = { ports: this.#ports };
    const { slice } = interest;
    return new Watch({
      clock: ports.clock,
      random: ports.random,
      look: (signal) => this.#lookers.look(interest, signal),
      rhythm: () => {
        const pace = this.#pace;
        const visible = this.#watches.get(key)?.wish.visible ?? true;
        return pace === undefined || pace.paused ? undefined : unhurried(rhythmOf(slice, visible, isCostly(ports), pace, ports.clock.now()), this.#watches.get(key)?.unseen ?? 0);
      },
      changed: (waitMs, signal) => ports.events.changed({ waitMs, signal }),
      // The looker of a slice answers with that slice's data.
      onNews: (data, everyMs) => this.#add({ slice, key, everyMs, ok: true, data } as SliceUpdate),
      onSame: (everyMs) => {
        this.#looked.set(slice, { slice, key, at: ports.clock.now(), everyMs });
        this.#sawNothing(key);
      },
      onProblem: (problem, retryAt) => this.#add({ slice, key, everyMs: 0, ok: false, problem, retryAt }),
    });
  }

  #add(update: SliceUpdate): void {
    this.#bundle.push(update);
    if (this.#bundling) return;
    this.#bundling = true;
    void this.#flush();
  }

  /** At once when nothing was sent lately, so that the first data and a new screen do not wait. */
  async #flush(): Promise<void> {
    const { clock } = this.#ports;
    const wait = this.#sentAt + BUNDLE_MS - clock.monotonic();
    await clock.sleep(Math.max(0, wait), this.#stop.signal);
    this.#bundling = false;
    if (this.#stop.signal.aborted) return;
    const updates = this.#bundle;
    this.#bundle = [];
    this.#sentAt = clock.monotonic();
    const isSeen = this.#send({ t: 'data', now: clock.now(), updates });
    for (const { key } of updates) {
      if (!isSeen) this.#sawNothing(key);
      else this.#sawSomething(key);
    }
  }

  #sawNothing(key: string): void {
    const watching = this.#watches.get(key);
    if (watching !== undefined) watching.unseen += 1;
  }

  #sawSomething(key: string): void {
    const watching = this.#watches.get(key);
    if (watching !== undefined) watching.unseen = 0;
  }
}

interface Watching {
  readonly watch: Watch;
  wish: Wish;
  /** Looks in a row that changed nothing on the screen. */
  unseen: number;
}

function paceText({ paused, scale, focused, everyMs }: Pace): string {
  return JSON.stringify([paused, scale, focused, everyMs]);
}
