import { expect, test } from 'vitest';
import { rhythmOf, unhurried } from '../../../../src/tui/source/pace.js';

const PACE = { paused: false, scale: 1, focused: true, lastKeyAt: 0, everyMs: null, refreshes: 0 };
const ON_CHANGE = rhythmOf('jobs', true, false, PACE, 0);

test('news that nobody sees are looked for less and less often, every two seconds in the end, and soon again when one is seen', () => {
  expect([0, 3, 4, 5, 6, 60].map((unseen) => unhurried(ON_CHANGE, unseen).leastMs)).toEqual([250, 250, 500, 1000, 2000, 2000]);
});

test('who looks more seldom for another reason is not hurried by it', () => {
  const slow = { ...ON_CHANGE, leastMs: 5000 };
  expect(unhurried(slow, 60)).toEqual(slow);
  const paid = rhythmOf('overview', true, true, PACE, 0);
  expect(unhurried(paid, 60)).toEqual(paid);
});

const every = (slice: Parameters<typeof rhythmOf>[0], visible: boolean, change: Partial<typeof PACE> = {}, now = 0): number | null => rhythmOf(slice, visible, true, { ...PACE, ...change }, now).everyMs;

test('on a service each slice is looked at as often as it is worth, and seldom out of sight', () => {
  expect([every('overview', true), every('overview', false)]).toEqual([5000, 30_000]);
  expect([every('workers', true), every('workers', false)]).toEqual([5000, 30_000]);
  expect([every('jobs', true), every('job', true), every('letters', true)]).toEqual([3000, 2000, 30_000]);
  // A walk over all letters is paid by the letter: only when somebody asks.
  expect([every('groups', true), every('letter', true)]).toEqual([null, null]);
  expect(rhythmOf('overview', true, true, PACE, 0).onChange).toBe(false);
});

test('without the focus it is a quarter as often, after ten minutes without a key a sixth, and as often as it is told, but no service more than once a second', () => {
  expect(every('overview', true, { focused: false })).toBe(20_000);
  expect(every('overview', true, {}, 10 * 60_000 + 1)).toBe(30_000);
  expect(every('overview', true, {}, 10 * 60_000)).toBe(5000);
  expect(every('overview', true, { scale: 2 })).toBe(10_000);
  expect(rhythmOf('overview', true, true, { ...PACE, scale: 0.1 }, 0)).toEqual({ leastMs: 1000, everyMs: 1000, onChange: false });
});

test('a file is asked whether something was written four times a second, and read only then', () => {
  expect(rhythmOf('overview', true, false, PACE, 0)).toEqual({ leastMs: 250, everyMs: 5000, onChange: true });
  expect(rhythmOf('overview', true, false, { ...PACE, focused: false }, 0).leastMs).toBe(1000);
});
