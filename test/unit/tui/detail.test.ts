import { expect, test } from 'vitest';

import { placeOf } from '../../../src/tui/model.js';
import { plainText } from '../../../src/tui/text.js';
import { frame } from '../../../src/tui/view/frame.js';
import { screen } from '../../support/tui-screens.js';
import { answered, modelAt, press, workerRow } from '../../support/tui-model.js';

test('scrolling stops at the last line, so that the way back begins at once', () => {
  const short = press(screen('job', 60, 15), 'p', 'pagedown', 'pagedown', 'pagedown', 'pagedown').model;
  const end = placeOf(short);
  expect(end).toMatchObject({ view: 'job' });
  const further = placeOf(press(short, 'j', 'G').model);
  expect(further).toEqual(end);
  const back = placeOf(press(short, 'k').model);
  if (end.view !== 'job' || back.view !== 'job') throw new Error('no job');
  expect(back.scroll).toBe(Math.max(0, end.scroll - 1));
  expect(placeOf(press(short, 'g').model)).toMatchObject({ scroll: 0 });
});

test('w cuts long lines of a body instead of breaking them, and breaks them again', () => {
  const letter = screen('letter', 100, 30);
  const slices = { ...letter.slices, letter: { ...letter.slices.letter, data: { ...letter.slices.letter.data, body: `{"text":"${'x'.repeat(300)}"}` } } };
  const long = { ...letter, slices: slices as typeof letter.slices };
  const rows = (model: typeof letter): number => frame(model).filter((row) => plainText(row).includes('xxx')).length;
  expect(rows(long)).toBe(4);
  const cut = press(long, 'w').model;
  expect(rows(cut)).toBe(1);
  expect(rows(press(cut, 'w').model)).toBe(4);
});

test('a worker leads to the log lines that name it', () => {
  const workers = answered(press(modelAt(100, 30), '4').model, 'workers', { workers: [workerRow(7)] });
  expect(press(workers, 'l').model).toMatchObject({ places: [{ view: 'log' }], log: { filter: 'worker-07' } });
});
