import { expect, test } from 'vitest';
import { AppError } from '../../../../src/domain/errors.js';
import type { Problem } from '../../../../src/tui/data.js';
import type { Rhythm } from '../../../../src/tui/source/pace.js';
import { Watch } from '../../../../src/tui/source/watch.js';
import { FakeClock } from '../../../support/fake-clock.js';

interface Watching {
  readonly clock: FakeClock;
  readonly looks: number[];
  readonly news: unknown[];
  readonly problems: { problem: Problem; retryIn: number }[];
  same: number;
  answer: () => unknown;
  rhythm: Rhythm | undefined;
  noticeChange: () => void;
  readonly watch: Watch;
}

/** `answer` is asked at once: the first look does not wait. */
function watching(answer: () => unknown = () => 1): Watching {
  const rhythm: Rhythm = { leastMs: 250, everyMs: 5000, onChange: true };
  const clock = new FakeClock();
  let changed: () => void = () => undefined;
  const state = { clock, looks: [], news: [], problems: [], same: 0, answer, rhythm, noticeChange: () => changed() } as unknown as Watching;
  const watch = new Watch({
    clock,
    random: () => 0,
    look: async () => {
      state.looks.push(clock.monotonic());
      const data = await state.answer();
      return { data, text: JSON.stringify(data) };
    },
    rhythm: () => state.rhythm,
    changed: (_waitMs, signal) =>
      new Promise((resolve) => {
        changed = resolve;
        signal.addEventListener('abort', () => resolve(), { once: true });
      }),
    onNews: (data) => state.news.push(data),
    onSame: () => (state.same += 1),
    onProblem: (problem, retryAt) => state.problems.push({ problem, retryIn: retryAt - clock.now() }),
  });
  return Object.assign(state, { watch });
}

test('an answer is told once; looking again and finding the same is no news', async () => {
  const state = watching();
  await state.clock.advance(20_000);
  expect(state.news).toEqual([1]);
  expect(state.same).toBeGreaterThan(2);
  state.watch.end();
  await state.watch.ended;
});

test('a change is looked at at once, and no more often than every 250 ms', async () => {
  const state = watching();
  await state.clock.advance(300);
  let value = 1;
  state.answer = () => value;
  for (let change = 0; change < 40; change += 1) {
    value += 1;
    state.noticeChange();
    await state.clock.advance(50);
  }
  const gaps = state.looks.slice(1).map((at, index) => at - (state.looks[index] ?? 0));
  expect(Math.min(...gaps)).toBeGreaterThanOrEqual(250);
  expect(state.looks.length).toBeGreaterThan(6);
  expect(state.looks.length).toBeLessThan(12);
  state.watch.end();
  await state.watch.ended;
});

test('however often it is told of changes, no sleep stays behind', async () => {
  const state = watching();
  let sleeping = 0;
  let most = 0;
  const sleep = state.clock.sleep.bind(state.clock);
  state.clock.sleep = async (ms, signal) => {
    sleeping += 1;
    most = Math.max(most, sleeping);
    await sleep(ms, signal);
    sleeping -= 1;
  };
  for (let change = 0; change < 40; change += 1) {
    await state.clock.advance(260);
    state.noticeChange();
  }
  expect(most).toBeLessThanOrEqual(2);
  state.watch.end();
  await state.watch.ended;
  expect(sleeping).toBe(0);
});

test('a change during a look counts', async () => {
  let value = 1;
  const state = watching(() => value);
  // The first look is under way: it has its answer, and its end is still to come.
  value = 2;
  state.noticeChange();
  await state.clock.advance(400);
  expect(state.news).toEqual([1, 2]);
  state.watch.end();
  await state.watch.ended;
});

test('after failures it waits twice as long each time, at most a minute, and goes on by itself', async () => {
  const state = watching(() => {
    throw new AppError('BACKEND_UNAVAILABLE', 'no answer');
  });
  await state.clock.advance(300_000);
  const waits = state.problems.map(({ retryIn }) => retryIn);
  expect(waits.slice(0, 8)).toEqual([1000, 2000, 4000, 8000, 16_000, 32_000, 60_000, 60_000]);
  expect(state.problems[0]?.problem).toMatchObject({ code: 'BACKEND_UNAVAILABLE', throttled: false });
  state.answer = () => 'back';
  await state.clock.advance(61_000);
  expect(state.news).toEqual(['back']);
  state.watch.end();
  await state.watch.ended;
});

test('a wish to be left alone is respected', async () => {
  const state = watching(() => {
    throw new AppError('BACKEND_UNAVAILABLE', 'slow down', { details: { retryAfterMs: 20_000 } });
  });
  await state.clock.advance(100);
  expect(state.problems).toEqual([{ problem: { code: 'BACKEND_UNAVAILABLE', message: 'slow down', hint: null, throttled: true }, retryIn: 20_000 }]);
  expect(state.looks).toHaveLength(1);
  state.watch.end();
  await state.watch.ended;
});

test('held, it looks only when poked; let go, it looks again', async () => {
  const state = watching();
  await state.clock.advance(300);
  state.rhythm = undefined;
  state.watch.poke(false);
  await state.clock.advance(60_000);
  const held = state.looks.length;
  state.watch.poke(true);
  await state.clock.advance(10);
  expect(state.looks).toHaveLength(held + 1);
  await state.clock.advance(60_000);
  expect(state.looks).toHaveLength(held + 1);
  state.rhythm = { leastMs: 250, everyMs: 5000, onChange: false };
  state.watch.poke(false);
  await state.clock.advance(12_000);
  expect(state.looks.length).toBeGreaterThan(held + 2);
  state.watch.end();
  await state.watch.ended;
});

test('where changes are noticed, a look that takes long is not made again for nothing more than a hundredth of the time', async () => {
  const state = watching();
  state.answer = () => state.clock.sleep(100).then(() => 1);
  await state.clock.advance(60_000);
  const [quick = 0, slow = 0, next = 0] = state.looks;
  expect(slow - quick).toBeLessThan(6_000);
  expect(next - slow).toBeGreaterThanOrEqual(10_000);
  state.noticeChange();
  const looks = state.looks.length;
  await state.clock.advance(2_000);
  expect(state.looks.length).toBeGreaterThan(looks);
  state.watch.end();
  await state.watch.ended;
});
