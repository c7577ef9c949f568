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
