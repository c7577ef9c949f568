import { expect, test } from 'vitest';

import type { Model } from '../../../src/tui/model.js';
import { plainText } from '../../../src/tui/text.js';
import { knownColumns } from '../../../src/tui/update/columns.js';
import { frame } from '../../../src/tui/view/frame.js';
import { modelAt, press } from '../../support/tui-model.js';
import { filled, withJobs } from '../../support/tui-screens.js';

function header(model: Model): string {
  return plainText(frame(model)[3] ?? []).trim();
}

const jobs = (columns: number): Model => withJobs(filled(modelAt(columns, 30)));

test('a column goes through shown, hidden and as the width allows, and every choice is kept', () => {
  const narrow = jobs(60);
  expect(header(narrow)).not.toContain('WORKER');
  // queue, type, try, age, priority, worker
  const shown = press(narrow, 'c', 'j', 'j', 'j', 'j', 'j', 'enter');
  expect(shown.effects).toEqual([{ t: 'save-columns', columns: { worker: 'shown' } }]);
  expect(header(press(shown.model, 'escape').model)).toContain('WORKER');
  const hidden = press(shown.model, 'enter');
  expect(hidden.effects).toEqual([{ t: 'save-columns', columns: { worker: 'hidden' } }]);
  expect(press(hidden.model, 'enter').effects).toEqual([{ t: 'save-columns', columns: {} }]);
  expect(hidden.model.dialog).toMatchObject({ kind: 'pick', index: 5 });
});

test('choices that another version of the program saved and this one does not know are left out', () => {
  expect(knownColumns({ worker: 'hidden', age: 'purple', colour: 'shown' })).toEqual({ worker: 'hidden' });
});

test('what was hidden stays hidden on a wide screen', () => {
  const wide = jobs(120);
  expect(header(wide)).toContain('QUEUE');
  const hidden = press(wide, 'c', 'enter', 'enter', 'escape').model;
  expect(header(hidden)).not.toContain('QUEUE');
  expect(header(hidden)).toContain('TYPE');
});

test('the user is a column for those who ask for it', () => {
  expect(header(jobs(160))).not.toContain('USER');
  const asked = press(jobs(120), 'c', 'k', 'k', 'enter', 'escape').model;
  expect(asked.jobs.columns).toEqual({ user: 'shown' });
  expect(header(asked)).toContain('USER');
});

test('every choice leaves rows of exactly the width', () => {
  for (const columns of [60, 80, 100, 120]) {
    let model = press(jobs(columns), 'c').model;
    for (let column = 0; column < 8; column += 1) {
      model = press(model, 'enter').model;
      for (const row of frame(press(model, 'escape').model)) expect([...plainText(row)].length).toBe(columns);
      model = press(model, 'j').model;
    }
  }
});
