import { expect, test } from 'vitest';

import { Perf } from '../../../src/tui/run/perf.js';
import { plainText } from '../../../src/tui/text.js';
import { frame } from '../../../src/tui/view/frame.js';
import { filled, withDead, withJobs } from '../../support/tui-screens.js';
import { after, answered, jobsData, modelAt, press, typing } from '../../support/tui-model.js';

const start = () => filled(modelAt(100, 30));
const FILTER = 'type = echo';

test('Ctrl-s keeps the filter, and once more gives it up', () => {
  const typed = press(withJobs(start()), '/', ...typing(FILTER), 'enter').model;
  const saving = press(typed, 'ctrl-s');
  expect(saving.effects).toEqual([{ t: 'save-filter', filter: FILTER, keep: true }]);
  const saved = after(saving.model, { t: 'filters', at: saving.model.now, filters: [FILTER], text: 'saved' });
  expect(press(saved, 'ctrl-s').effects).toEqual([{ t: 'save-filter', filter: FILTER, keep: false }]);
});

test('without a filter there is nothing to save', () => {
  expect(press(withJobs(start()), 'ctrl-s').effects).toEqual([]);
  expect(press(withDead(start()), 'ctrl-s').effects).toEqual([]);
});

test('saved filters are offered for jobs and for dead letters, each in its place', () => {
  const saved = { ...start(), savedFilters: [FILTER] };
  expect(press(withJobs(saved), 'f', 'k', 'enter').model).toMatchObject({ jobs: { filter: FILTER }, dead: { filter: '' }, dialog: null });
  expect(press(withDead(saved), 'F', 'k', 'enter').model).toMatchObject({ dead: { filter: FILTER }, jobs: { filter: '' }, dialog: null });
});

test('a search that was given up says how far it came, and what goes on', () => {
  const searched = (count: number): string => {
    const typed = press(withJobs(start()), '/', ...typing('error ~ "x"'), 'enter').model;
    return frame(answered(typed, 'jobs', jobsData(9, count, { searched: 2_000, chunkCursors: [] }))).map(plainText).join('\n');
  };
  expect(searched(0)).toContain('no job fits error ~ "x" among the newest 2,000');
  expect(searched(0)).toContain('Esc clears the filter; Y copies the command that goes on');
  expect(searched(3)).toContain('3+ of 100,412  newest first, 2,000 looked at');
});

test(':perf shows what drawing costs until it is typed again', () => {
  const shown = press(start(), ':', ...typing('perf'), 'enter').model;
  const measured = after(shown, { t: 'perf', text: new Perf({ monotonic: () => 0 } as never).line({ frames: 4, bytes: 4096, dropped: 1 }, 100 * 1024 * 1024) });
  expect(plainText(frame(measured)[28] ?? [])).toContain('frame p50 0.0 ms, p95 0.0 ms · 4 frames, 1.0KiB each, 1 dropped · memory 100MiB');
  const hidden = press(measured, ':', ...typing('perf'), 'enter').model;
  expect(hidden.perf).toBeNull();
  expect(after(hidden, { t: 'perf', text: 'late' }).perf).toBeNull();
});
