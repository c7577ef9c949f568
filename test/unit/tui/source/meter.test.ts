import { expect, test } from 'vitest';

import { Meter } from '../../../../src/tui/source/meter.js';
import type { DashboardPorts } from '../../../../src/tui/source/ports.js';

class Admin {
  readonly #names = ['a', 'b'];
  list(): Promise<readonly string[]> {
    return Promise.resolve(this.#names);
  }
  pauseCount(): number {
    return this.#names.length;
  }
}

test('looks at queues and peeked messages are counted over the last minute; everything else is as it was', async () => {
  let now = 0;
  const meter = new Meter({ clock: { monotonic: () => now } as DashboardPorts['clock'] });
  const letters = { peek: () => Promise.resolve({ letters: [1, 2, 3], nextCursor: null }) };
  const ports = meter.metered({ admin: new Admin(), deadLetters: letters } as unknown as Pick<DashboardPorts, 'admin' | 'deadLetters'>);
  expect(await ports.admin.list()).toEqual(['a', 'b']);
  expect((ports.admin as unknown as Admin).pauseCount()).toBe(2);
  now = 40_000;
  await ports.deadLetters.peek({ queue: 'a', limit: 10 });
  expect(meter.cost()).toEqual({ operationsPerMinute: 1, peekedPerMinute: 3, requestUnitsPerMinute: null });
  now = 61_000;
  expect(meter.cost()).toEqual({ operationsPerMinute: 0, peekedPerMinute: 3, requestUnitsPerMinute: null });
  now = 101_000;
  expect(meter.cost()).toEqual({ operationsPerMinute: 0, peekedPerMinute: 0, requestUnitsPerMinute: null });
});

test('what the store charges is told of the last minute, without what opening it cost', () => {
  let now = 0;
  let requestUnits = 500;
  const meter = new Meter({ clock: { monotonic: () => now } as DashboardPorts['clock'], usage: () => ({ requestUnits }) });
  const after = (ms: number, charged: number): number | null => {
    now += ms;
    requestUnits += charged;
    return meter.cost().requestUnitsPerMinute;
  };
  expect(after(5_000, 3.4)).toBe(3);
  expect(after(25_000, 6)).toBe(9);
  expect(after(35_000, 10)).toBe(16);
  expect(after(25_000, 0)).toBe(10);
  expect(after(60_000, 0)).toBe(0);
});
