// What is wrong, as the screen tells it: the cause, what to do, and all of it in the log.

import { expect, test } from 'vitest';
import { interestKeys } from '../../../src/tui/interest.js';
import type { Model } from '../../../src/tui/model.js';
import { plainText } from '../../../src/tui/text.js';
import { frame } from '../../../src/tui/view/frame.js';
import { update } from '../../../src/tui/update/update.js';
import { answered, modelAt, NOON, overviewData, press } from '../../support/tui-model.js';
import { screen } from '../../support/tui-screens.js';

const PROBLEM = {
  code: 'AZURE_CREDENTIAL',
  message: 'cannot sign in to Azure: environment (AZURE_TENANT_ID, AZURE_CLIENT_ID): unavailable; Azure CLI: could not be found',
  hint: 'sign in with `az login`, or set AZURE_TENANT_ID',
  throttled: false,
};

test('however long the cause is, the line above the keys says what to do', () => {
  for (const columns of [60, 80, 100]) {
    const line = rows(failed(modelAt(columns, 24), NOON)).at(-2) ?? '';
    expect(line).toContain('cannot sign in');
    expect(line).toContain('sign in with `az');
  }
});

test('the log has the whole of it, once for as long as it stays the same', () => {
  const model = failed(failed(modelAt(200, 30), NOON), NOON + 5000);
  expect(model.log.entries.map(({ kind, text }) => [kind, text])).toEqual([['problem', `${PROBLEM.message} (${PROBLEM.hint}) [AZURE_CREDENTIAL]`]]);
  expect(rows(press(model, '5').model).join('\n')).toContain('could not be found (sign in with `az login`');
});

test('where nothing was ever submitted the overview says how to begin; where something was, it does not', () => {
  const data = overviewData();
  const quiet = { ...data, deadGrowth: {}, causes: [], stats: { ...data.stats, queues: [], outbox: [] } };
  const isNew = answered(modelAt(80, 24), 'overview', { ...quiet, stats: { ...quiet.stats, jobs: { ...quiet.stats.jobs, Queued: 0, Running: 0, Succeeded: 0, Failed: 0, DeadLettered: 0, Cancelled: 0 } } });
  expect(rows(isNew).join('\n')).toContain('no jobs yet: n makes one');
  expect(rows(answered(modelAt(80, 24), 'overview', quiet)).join('\n')).not.toContain('no jobs yet');
});

test('words that are typed by hand cannot be pasted, and it says so', () => {
  const asked = screen('purge', 100, 30);
  const [model] = update(asked, { t: 'paste', text: 'purge 207', at: NOON + 60_000 });
  expect(model.flash?.text).toContain('typed by hand');
  expect(model.dialog).toEqual(asked.dialog);
});

function failed(model: Model, now: number): Model {
  const key = interestKeys(model).get('overview') ?? '';
  return update(model, { t: 'data', now, updates: [{ slice: 'overview', key, everyMs: 1, ok: false, problem: PROBLEM, retryAt: now + 9000 }] })[0];
}

function rows(model: Model): readonly string[] {
  return frame(model).map(plainText);
}
