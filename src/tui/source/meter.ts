// Counts what looking costs at a service: requests to its management, messages that are peeked at, and what the store charges.

import type { DashboardPorts } from './ports.js';
import type { ScreenCost } from '../data.js';

const MINUTE = 60_000;

interface Use {
  readonly at: number;
  readonly requests: number;
  readonly peeked: number;
}

interface Bill {
  readonly at: number;
  /** Since the process began. */
  readonly units: number;
}

export class Meter {
  readonly #clock: DashboardPorts['clock'];
  readonly #charged: (() => number) | undefined;
  #uses: Use[] = [];
  #bills: Bill[] = [];

  constructor({ clock, usage }: Pick<DashboardPorts, 'clock' | 'usage'>) {
    this.#clock = clock;
    if (usage !== undefined && usage !== null) this.#charged = () => usage().requestUnits;
    this.#bill();
  }

  /** The same ports, whose looks at queues and dead letters are counted. What operations do is no cost of looking. */
  metered<P extends Pick<DashboardPorts, 'admin' | 'deadLetters'>>(ports: P): P {
    const { admin, deadLetters } = ports;
    return {
      ...ports,
      admin: after(admin, 'list', (list) => async (...asked) => {
        this.#note(1, 0);
        return list(...asked);
      }),
      deadLetters: after(deadLetters, 'peek', (peek) => async (...asked) => {
        const page = await peek(...asked);
        this.#note(0, page.letters.length);
        return page;
      }),
    };
  }

  /** Of the last minute. */
  cost(): ScreenCost {
    const since = this.#clock.monotonic() - MINUTE;
    this.#uses = this.#uses.filter(({ at }) => at > since);
    const sum = (of: (use: Use) => number): number => this.#uses.reduce((total, use) => total + of(use), 0);
    return { operationsPerMinute: sum(({ requests }) => requests), peekedPerMinute: sum(({ peeked }) => peeked), requestUnitsPerMinute: this.#bill() };
  }

  /** Against the bill of a minute ago, or the oldest one there is: opening the store is no cost of looking. */
  #bill(): number | null {
    if (this.#charged === undefined) return null;
    const [at, units] = [this.#clock.monotonic(), this.#charged()];
    const before = this.#bills.findLastIndex((bill) => bill.at <= at - MINUTE);
    this.#bills = [...this.#bills.slice(Math.max(0, before)), { at, units }];
    return Math.round(units - (this.#bills[0]?.units ?? units));
  }

  #note(requests: number, peeked: number): void {
    this.#uses.push({ at: this.#clock.monotonic(), requests, peeked });
  }
}

/** The port with one of its methods wrapped. */
function after<T extends object, K extends keyof T>(port: T, name: K, wrap: (method: T[K]) => T[K]): T {
  const method = port[name];
  const bound = (typeof method === 'function' ? method.bind(port) : method) as T[K];
  const wrapped = wrap(bound);
  return new Proxy(port, {
    get: (target, asked) => {
      if (asked === name) return wrapped;
      const value: unknown = Reflect.get(target, asked);
      return typeof value === 'function' ? (value.bind(target) as unknown) : value;
    },
  });
}
