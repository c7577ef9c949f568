import { expect, test } from 'vitest';

import type { JobData, LetterData } from '../../../src/tui/data.js';
import { placeOf, type Model } from '../../../src/tui/model.js';
import { line, plainText, span } from '../../../src/tui/text.js';
import { rowsWith, withFound } from '../../../src/tui/view/find.js';
import { frame } from '../../../src/tui/view/frame.js';
import { press, typing } from '../../support/tui-model.js';
import { screen } from '../../support/tui-screens.js';

const LINES = Array.from({ length: 60 }, (_, index) => (index % 20 === 7 ? `"needle${index}": true` : `"hay${index}": false`));

function job(payload: string, columns = 80, rows = 24): Model {
  const model = screen('job', columns, rows);
  const data = model.slices.job.data as JobData;
  return press({ ...model, slices: { ...model.slices, job: { ...model.slices.job, data: { ...data, payload } } } }, 'p').model;
}

function shown(model: Model): readonly string[] {
  return frame(model).map((row) => plainText(row).trimEnd());
}

function find(model: Model, text: string): Model {
  return press(model, '/', ...typing(text), 'enter').model;
}

test('/ goes to the first line that has the text, whatever its case, and says how many have it', () => {
  const found = find(job(LINES.join('\n')), 'NEEDLE');
  expect(shown(found)).toContainEqual(expect.stringMatching(/^>"needle7": true/) as string);
  expect(shown(found).at(-2)).toContain('1 of 3 lines with NEEDLE');
});

test('n and N go to the next line and the one before, around the ends, and bring it into sight', () => {
  const found = find(job(LINES.join('\n')), 'needle');
  const second = press(found, 'n').model;
  expect(shown(second)).toContainEqual(expect.stringMatching(/^>"needle27"/) as string);
  const first = press(second, 'n', 'n').model;
  expect(placeOf(first)).toMatchObject({ found: { row: 7 } });
  expect(shown(press(first, 'N').model)).toContainEqual(expect.stringMatching(/^>"needle47"/) as string);
});

test('the search begins at what is in sight', () => {
  const down = press(job(LINES.join('\n')), 'pagedown').model;
  expect(placeOf(find(down, 'needle'))).toMatchObject({ found: { row: 27 } });
});

test('what is not there is said, and the place stays', () => {
  const down = press(job(LINES.join('\n')), 'pagedown').model;
  const missed = find(down, 'nowhere');
  expect(shown(missed).at(-2)).toContain('not here: nowhere');
  expect(placeOf(missed)).toMatchObject({ scroll: (placeOf(down) as { scroll: number }).scroll });
});

test('another section is searched for the same text; Esc ends the search and then leaves', () => {
  const found = find(job(LINES.join('\n')), 'e');
  const elsewhere = press(found, 't').model;
  expect(placeOf(elsewhere)).toMatchObject({ section: 'timeline', scroll: 0, found: { text: 'e', row: null } });
  expect(placeOf(press(elsewhere, 'n').model)).toMatchObject({ found: { row: 0 } });
  const ended = press(elsewhere, 'escape').model;
  expect(placeOf(ended)).toMatchObject({ view: 'job', found: null });
  expect(placeOf(press(ended, 'escape').model).view).toBe('jobs');
});

test('n says what it is for where nothing is looked for, and makes no new job there', () => {
  const pressed = press(job('{}'), 'n').model;
  expect(placeOf(pressed).view).toBe('job');
  expect(shown(pressed).at(-2)).toContain('/ looks for a text here');
});

test('a message is searched in the same way', () => {
  const letter = screen('letter', 80, 24);
  const data = { ...(letter.slices.letter.data as LetterData), body: LINES.join('\n') };
  const found = find({ ...letter, slices: { ...letter.slices, letter: { ...letter.slices.letter, data } } }, 'needle');
  expect(shown(press(found, 'n').model)).toContainEqual(expect.stringMatching(/^>"needle27"/) as string);
});

test('a text that a broken line has at its break is found', () => {
  const found = find(job(`"${'x'.repeat(70)}needle${'y'.repeat(40)}"`), 'needle');
  expect(placeOf(found)).toMatchObject({ found: { row: 0 } });
});

test('every place of the text stands out and nothing of the row is lost', () => {
  const row = line(' ', span('ab cab', 'bad'), 'Ab');
  const marked = withFound(row, 'ab', false);
  expect(plainText(marked)).toBe(plainText(row));
  expect(marked.filter(({ tone }) => tone === 'selected').map(({ text }) => text)).toEqual(['ab', 'ab', 'Ab']);
  expect(plainText(withFound(row, 'ab', true))).toBe('>ab cabAb');
  // In lower case this one letter is two.
  expect(plainText(withFound(line(' ', '\u0130stanbul'), 'stan', false))).toBe(' \u0130stanbul');
  expect(rowsWith([line(' ', 'Ab'), line(' ', 'b')], 'aB')).toEqual([0]);
});
