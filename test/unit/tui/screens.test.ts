// What each screen has to show, at the width where there is least room for it.

import { describe, expect, test } from 'vitest';
import type { Operation } from '../../../src/domain/dead-letters/operation.js';
import type { OperationRow, OverviewData } from '../../../src/tui/data.js';
import { interestKeys, wishesOf } from '../../../src/tui/interest.js';
import type { Model } from '../../../src/tui/model.js';
import { plainText } from '../../../src/tui/text.js';
import { frame } from '../../../src/tui/view/frame.js';
import { after, answered, jobRow, jobsData, letterRow, modelAt, NOON, overviewData, press, queueStat, typing, workerRow } from '../../support/tui-model.js';
import { planned, screen, withDead, withJobs } from '../../support/tui-screens.js';

function rows(model: Model): readonly string[] {
  return frame(model).map((row) => plainText(row).trimEnd());
}

function text(model: Model): string {
  return rows(model).join('\n');
}

describe('overview', () => {
  const quiet: Partial<OverviewData> = { deadGrowth: {}, causes: [] };

  test('a queue that no worker serves is one alert, not a second one for standing still', () => {
    const waiting = queueStat('report-jobs', { active: 5, outPerMinute: 0, oldestAgeMs: 120_000, deadLetter: 0 });
    const stats = { ...overviewData().stats, queues: [waiting] };
    const model = answered(answered(modelAt(100, 30), 'overview', overviewData({ ...quiet, stats })), 'workers', { workers: [workerRow(1)] });
    expect(text(model)).toContain('report-jobs: no worker alive');
    expect(text(model)).not.toContain('stands still');
    const served = answered(model, 'workers', { workers: [workerRow(1, { queues: ['report-jobs'] })] });
    expect(text(served)).toContain('report-jobs stands still');
  });

  test('with room for one alert the most urgent one is there, and says how many more', () => {
    const cost = { operationsPerMinute: 12, peekedPerMinute: 350, requestUnitsPerMinute: null };
    const { stats } = overviewData();
    const many = { ...stats, queues: [...stats.queues, ...Array.from({ length: 9 }, (_, index) => queueStat(`queue-${index}`, {}))] };
    const alerts = text(answered(screen('overview', 60, 15), 'overview', overviewData({ cost, stats: many })));
    expect(alerts).toMatch(/! evaluation-jobs: dead \+96.*\(and \d more\)/);
    expect(alerts).toContain('350 peeks/min');
  });

  test('what looking costs is whole at every width', () => {
    const cost = { operationsPerMinute: 1412, peekedPerMinute: 12_350, requestUnitsPerMinute: 1239 };
    for (const columns of [60, 80, 100, 120]) {
      expect(text(answered(modelAt(columns, 30), 'overview', overviewData({ cost })))).toMatch(/1,412 .*12,350 peeks, 1,239 RU\/min/);
    }
  });

  test('the lifecycle tells who waits for a retry, and that a second try is one more try, at every width', () => {
    const lifecycle = { ...overviewData().lifecycle, accepted: 100, started: 130, succeeded: 90, retrying: 17 };
    const at = (columns: number): string => text(answered(modelAt(columns, 30), 'overview', overviewData({ lifecycle })));
    expect(at(100)).toMatch(/retrying +17 .*17%/);
    expect(at(100)).toMatch(/tries begun +130 .*130%/);
    expect(at(80)).toContain('> 130 tries > 90 done | 17 retry |');
    expect(at(60)).toContain('17 retry');
  });

  test('where nobody can tell how many wait for a retry, nothing is said of it', () => {
    const lifecycle = { ...overviewData().lifecycle, retrying: null };
    for (const columns of [60, 80, 100]) expect(text(answered(modelAt(columns, 30), 'overview', overviewData({ lifecycle })))).not.toContain('retry');
  });

  test('/ leaves the queues whose names fit, and Esc brings all back', () => {
    const named = (model: Model): readonly string[] => rows(model).flatMap((row) => /^ [ >] (\S+-jobs) /.exec(row)?.[1] ?? []);
    const found = (wanted: string): Model => press(screen('overview', 100, 30), '/', ...typing(wanted), 'enter').model;
    expect(named(found('*o*-jobs'))).toEqual(['evaluation-jobs', 'scoring-jobs', 'report-jobs']);
    expect(named(found('REPORT'))).toEqual(['report-jobs']);
    expect(named(found('s*-jobs'))).toEqual(['scoring-jobs']);
    expect(named(found('*jobs*jobs'))).toEqual([]);
    expect(rows(found('s*-jobs'))[2]).toContain('Queues (1 of 3) ── s*-jobs');
    expect(found('s*-jobs').lists.overview.selected).toBe('scoring-jobs');
    expect(text(found('nothing'))).toContain('no queue has such a name; Esc shows all');
    expect(press(found('nothing'), 'enter').model.places, 'what is not seen is not opened').toEqual([{ view: 'overview' }]);
    expect(named(press(found('nothing'), 'escape').model)).toHaveLength(3);
  });

  test('rows do not change places while the cursor moves, and do afterwards', () => {
    const queues = (first: number, second: number) => overviewData({ stats: { ...overviewData().stats, queues: [queueStat('a-jobs', { active: first }), queueStat('b-jobs', { active: second })] } });
    const shown = press(answered(modelAt(100, 30), 'overview', queues(9, 5)), 'j').model;
    const order = (model: Model): readonly string[] => rows(model).flatMap((row) => /^ [ >] ([ab]-jobs)/.exec(row)?.[1] ?? []);
    const moved = answered(shown, 'overview', queues(5, 9));
    expect(order(moved)).toEqual(['a-jobs', 'b-jobs']);
    expect(order(after(moved, { t: 'tick', now: moved.now + 4000, looked: [] }))).toEqual(['b-jobs', 'a-jobs']);
  });
});

describe('row 1 on a service', () => {
  const session = { source: 'servicebus', place: 'sb-evals' };
  const at = (countedAt: number): Model => answered(modelAt(100, 30, { session }), 'overview', overviewData({ stats: { ...overviewData().stats, source: 'servicebus', countedAt: new Date(countedAt).toISOString() } }));

  test('says how old the counts are and how often they are taken', () => {
    expect(rows(at(NOON))[0]).toContain('bus ok, counts <5s old, every 5s');
  });

  test('does not call it in order by counts of half a minute ago, as other screens have them', () => {
    const shown = answered(press(modelAt(100, 30, { session }), '2').model, 'overview', overviewData({ stats: { ...overviewData().stats, source: 'servicebus', countedAt: new Date(NOON - 14_000).toISOString() } }));
    expect(rows(shown)[0]).toContain('bus counts 10s old, every 5s');
  });

  test('what cannot be reached is looked for as often out of sight as in it', () => {
    const problem = { code: 'BACKEND_UNAVAILABLE', message: 'no answer', hint: null };
    const visible = (model: Model): boolean | undefined => wishesOf(model).find(({ interest }) => interest.slice === 'overview')?.visible;
    const shown = press(at(NOON), '3').model;
    expect(visible(shown)).toBe(false);
    expect(visible(answered(shown, 'overview', overviewData({ stats: { ...overviewData().stats, problem } })))).toBe(true);
  });

  test('counts that are not taken as often as they should be are not called fresh', () => {
    expect(rows(at(NOON - 34_000))[0]).toContain('slowed: counts 30s old');
  });

  test('what is being tried again just now is not told as a wait of nothing', () => {
    const shown = at(NOON);
    const key = interestKeys(shown).get('overview') ?? '';
    const problem = { code: 'SB_THROTTLED', message: 'busy', hint: null, throttled: true };
    const failed = after(shown, { t: 'data', now: NOON + 2000, updates: [{ slice: 'overview', key, everyMs: 1, ok: false, problem, retryAt: NOON + 4000 }] });
    expect(rows(failed)[0]).toContain('slowed by the service, retry in 2s');
    expect(rows(after(failed, { t: 'tick', now: NOON + 3500, looked: [] }))[0]).toContain('slowed by the service, retry in 1s');
    expect(rows(after(failed, { t: 'tick', now: NOON + 5000, looked: [] }))[0]).toContain('slowed by the service, trying again');
  });
});

test('what failed on a screen that was left says nothing about this one', () => {
  const problem = { code: 'BACKEND_UNAVAILABLE', message: 'no answer', hint: null, throttled: false };
  const opened = press(screen('overview', 100, 30), '3').model;
  const key = interestKeys(opened).get('groups') ?? '';
  const failed = after(opened, { t: 'data', now: opened.now + 100, updates: [{ slice: 'groups', key, everyMs: 1, ok: false, problem, retryAt: opened.now + 1000 }] });
  expect(rows(failed)[0]).toContain('NO CONNECTION');
  expect(rows(press(failed, '1').model)[0]).toContain('live');
});

test('while the queues cannot be reached, what is about queues and letters is refused with the reason, and does not happen when they are back', () => {
  const stats = { ...overviewData().stats, problem: { code: 'BACKEND_UNAVAILABLE', message: 'no answer', hint: null } };
  const cut = answered(modelAt(100, 30), 'overview', overviewData({ stats }));
  const pressed = press(cut, 'X').model;
  expect(pressed.dialog).toBeNull();
  expect(pressed.flash?.text).toBe('not now: no answer');
  for (const key of ['R', 'P', 'E']) expect(press(cut, '3', key).model.flash?.text).toBe('not now: no answer');
});

describe('jobs', () => {
  test('80 columns keep queue and tries, and give up worker and type', () => {
    const header = rows(screen('jobs', 80, 24))[3] ?? '';
    expect(header).toMatch(/QUEUE +TRY +AGE +NOTE/);
    expect(header).not.toMatch(/TYPE|WORKER/);
  });

  test('sorted by status, rows keep their places under the cursor and marks, and take new ones afterwards', () => {
    const list = (status: 'Queued' | 'Succeeded') => jobsData(3, 3, { rows: [jobRow(3, { status: 'Queued' }), jobRow(2, { status: 'Running' }), jobRow(1, { status })] });
    const sorted = press(answered(press(modelAt(100, 30), '2').model, 'jobs', list('Succeeded')), 'o', 'j').model;
    const order = (model: Model): readonly string[] => rows(model).flatMap((row) => /0000000([123]) /.exec(row)?.[1] ?? []);
    expect(order(sorted)).toEqual(['3', '2', '1']);
    const changed = answered(sorted, 'jobs', list('Queued'));
    expect(order(changed)).toEqual(['3', '2', '1']);
    expect(order(after(changed, { t: 'tick', now: changed.now + 4000, looked: [] }))).toEqual(['3', '1', '2']);
  });

  test('from 130 columns on the selected job stands beside the list with its timeline', () => {
    const listed = withJobs(modelAt(130, 40));
    expect(interestKeys(listed).get('job')).toContain(jobRow(200).jobId);
    expect(rows(listed)[4]).toMatch(/^ > .* │ /);
    expect(text(answered(listed, 'job', jobOf(screen('job', 100, 30))))).toContain('dead-lettered');
    expect(interestKeys(withJobs(modelAt(129, 40))).has('job')).toBe(false);
  });

  test('refusing to cancel is not called cancelling', () => {
    const waiting = press(withJobs(modelAt(100, 30)), 'C').model;
    const token = waiting.dialog?.kind === 'wait' ? waiting.dialog.token : -1;
    const asked = after(waiting, { t: 'counted', token, at: waiting.now + 1, counted: { action: 'cancel', matched: 2, byStatus: { Queued: 2 }, command: 'copiloteval cancel x' } });
    expect(text(asked)).toContain('[y] cancel 2   [n, Esc, Enter] leave them');
  });
});

describe('a job', () => {
  test('its title keeps status and tries', () => {
    expect(rows(screen('job', 120, 30))[2]).toContain('x DeadLettered  try 2/2  evaluation-jobs/evaluation');
    expect(rows(screen('job', 100, 30))[2]).toContain('x DeadLettered  try 2/2  evaluation-jobs/');
    expect(rows(screen('job', 80, 24))[2]).toContain('x DeadLettered  try 2/2');
    expect(rows(screen('job', 60, 15))[2]).toContain('x DeadLettered');
  });
});

describe('dead letters', () => {
  test('100 columns keep tries and size', () => {
    expect(rows(screen('dead', 100, 30))[3]).toMatch(/NUMBER +JOB +DEAD +TRY +SIZE/);
  });

  test('a count of nothing, as Service Bus has it for a letter that never came back, is not shown as no try at all', () => {
    const shown = answered(withDead(modelAt(120, 30)), 'letters', { letters: [letterRow(1, { deliveryCount: 0 })], more: false, lookedAt: NOON });
    expect(text(shown)).toMatch(/881001 {2}00000001 +\S+ +- /);
    expect(text(shown)).toMatch(/deliveries +- ?, replayed 0 times before/);
  });

  test('a replay says where to, how fast and how long the plan holds', () => {
    const usual = text(planned(press(withDead(modelAt(100, 30)), 'R').model));
    expect(usual).toContain('as fast as it goes, to where they came from');
    expect(usual).toContain('the plan is good for 1m');
    const picked = press(planned(press(withDead(modelAt(100, 30)), 'R').model), 's', 'j', 'j', 'enter').model;
    expect(text(planned(picked))).toContain('5 a second, about 41.4s, to where they came from');
  });

  test('in production the question says so, beside what it asks', () => {
    const session = { production: true, profile: 'live' };
    expect(text(planned(press(withDead(modelAt(100, 30, { session })), 'P').model))).toMatch(/┌─ PRODUCTION live: Purge 207 dead letters/);
  });
});

test('an operation says at every width whether something is unexplained', () => {
  for (const columns of [60, 80, 100]) {
    expect(text(operation(columns)), String(columns)).toContain('unexplained 0');
  }
});

test('60 columns show what each worker runs', () => {
  expect(text(screen('workers', 60, 15))).toContain('00000001 evaluat');
});

test('the help keeps keys and meanings apart, and shows at 60 columns what was typed', () => {
  expect(text(screen('help', 120, 30))).toMatch(/ctrl-d, pagedown +a page down/);
  expect(rows(press(screen('help', 60, 15), 'm', 'a', 'r', 'k').model)[2]).toContain('mark');
});

test('what is wrong with a filter can be read to its end at every width', () => {
  for (const columns of [60, 80, 100]) {
    const typed = press(withJobs(modelAt(columns, 24)), '/', ...typing('status = Faild'), 'enter').model;
    expect(text(typed), String(columns)).toContain('(did you mean `Failed`?');
    expect(text(typed)).toContain('/ status = Faild');
  }
});

test('what goes on is named by what it does, not by what was agreed to', () => {
  const replay = press(planned(press(withDead(modelAt(100, 30)), 'R').model), 'y').model;
  expect(rows(replay).at(-2)).toContain('Replaying: beginning');
  expect(press(replay, 'R').model.flash?.text).toContain('Replaying is still going on');
});

test(':every means what it says, whatever < and > were before', () => {
  const told = press(modelAt(100, 30), '>', '>', ':', ...typing('every 10s'), 'enter').model;
  expect(told.pace).toMatchObject({ everyMs: 10_000, scale: 1 });
});

test('o sorts the workers, and they do not change places while the cursor moves', () => {
  const workers = [workerRow(1, { failed: 0, running: [] }), workerRow(2, { failed: 900 }), workerRow(3, { alive: false, running: [], jobsPerMinute: null })];
  const order = (model: Model): string => rows(model).flatMap((row) => /^ [ >] worker-0(\d)/.exec(row)?.[1] ?? []).join('');
  const shown = press(answered(modelAt(60, 30), 'workers', { workers }), '4').model;
  const sorts = [shown, ...['o', 'oo', 'ooo', 'oooo', 'ooooo'].map((keys) => press(shown, ...keys).model)];
  expect(sorts.map((model) => [model.workerSort, order(model)])).toEqual([['state', '312'], ['name', '123'], ['busy', '213'], ['jobs/min', '123'], ['failures', '231'], ['state', '312']]);
  expect(rows(sorts[4] ?? shown)[2]).toContain('1/16 busy  sort: failures');
  const moved = answered(press(sorts[4] ?? shown, 'j').model, 'workers', { workers: workers.map((worker) => ({ ...worker, failed: worker.workerId === 'worker-01' ? 999 : 1 })) });
  expect(order(moved)).toBe('231');
  expect(order(after(moved, { t: 'tick', now: moved.now + 4000, looked: [] }))).toBe('123');
});

test('60 columns have all figures of the last quarter of an hour', () => {
  expect(text(screen('overview', 60, 15))).toContain('15 m: 31.2k in, 29.9k done, 740 retry, 12 fail, 96 dead');
});

test('what goes on says how many failed, at every width, and how to stop it', () => {
  for (const columns of [60, 80, 120]) {
    const applying = press(planned(press(withDead(modelAt(columns, 30)), 'R').model), 'y').model;
    const token = applying.running?.token ?? 0;
    const shown = after(applying, { t: 'progress', token, at: applying.now, done: 41, total: 68, failed: 2, waitingUntil: null });
    expect(rows(shown).at(-2)).toMatch(/Replaying: 41\/68 .*2 failed \(kept\)  Esc (.*nothing is lost|stops)$/);
    expect(text(applying)).not.toContain('failed (kept)');
  }
});

test('a dead letter that comes while another line stands is told of when that goes', () => {
  const died = (id: string) => ({ t: 'events', now: NOON + 1000, skipped: 0, entries: [{ id, at: NOON, kind: 'dead-lettered', status: 'DeadLettered', jobId: jobRow(Number(id)).jobId, jobType: 'echo', worker: null, queue: 'a-jobs', text: 'TIMEOUT' }] }) as const;
  const told = (model: Model): string => (rows(model).at(-2) ?? '').trim();
  const busy = press(screen('overview', 100, 30), '<').model;
  const waiting = after(busy, died('1'), died('2'));
  expect(told(waiting)).toBe('looking 2 times less often');
  const later = after(waiting, { t: 'tick', now: waiting.now + 7000, looked: [] });
  expect(told(later)).toBe('2 jobs were dead-lettered: TIMEOUT; 3 shows them');
  const gone = after(later, { t: 'tick', now: later.now + 13_000, looked: [] }, { t: 'tick', now: later.now + 14_000, looked: [] });
  expect(told(gone), 'once').toBe('');
  const seen = after(press(waiting, '3').model, { t: 'tick', now: waiting.now + 7000, looked: [] });
  expect(told(seen), 'not where one looks at them').not.toContain('dead-lettered');
  const typing = after(press(waiting, ':').model, { t: 'tick', now: waiting.now + 7000, looked: [] });
  expect(told(after(press(typing, 'escape').model, { t: 'tick', now: waiting.now + 8000, looked: [] })), 'not behind a prompt').toContain('2 jobs were dead-lettered');
});

test('c copies the command line of the last change, whatever screen one is on by then', () => {
  const asked = planned(press(withDead(modelAt(100, 30)), 'R').model);
  const done = press(press(asked, 'y').model, '1', 'c');
  expect(done.effects).toContainEqual({ t: 'copy', text: 'copiloteval dlq replay --queue evaluation-jobs --all' });
  expect(press(modelAt(100, 30), 'c').model.flash?.text).toContain('nothing was changed from here yet');
});

test('a table has its header at once, and says that it loads when that takes long enough to be seen', () => {
  const opened = press(modelAt(100, 30), '2').model;
  expect(rows(opened)[3]).toMatch(/ID +STATUS/);
  expect(text(opened)).not.toContain('loading');
  expect(text(after(opened, { t: 'tick', now: opened.now + 150, looked: [] }))).toContain('loading …');
});

const OPERATION: Operation = {
  id: 'R4kt0p9m',
  action: 'replay',
  state: 'finished',
  storeId: 'store',
  createdAt: NOON,
  startedAt: NOON,
  finishedAt: NOON,
  by: 'ada',
  reasonText: null,
  queues: ['evaluation-jobs'],
  selection: '--all',
  settings: { ratePerSecond: null, maxReplays: 3, toQueue: null, delayMs: 0, edits: [] },
  restores: null,
  matched: 207,
  before: 207,
  after: 7,
  unexplained: 0,
};

function jobOf(model: Model) {
  const { data } = model.slices.job;
  if (data === null) throw new Error('no job is shown');
  return data;
}

function operation(columns: number): Model {
  const listed = screen('operations', columns, 24);
  const row = listed.slices.operations.data?.operations[0];
  if (row === undefined) throw new Error('no operation is listed');
  const counts: NonNullable<OperationRow['counts']> = { matched: 207, done: 200, skipped: 7, failed: 0, pending: 0, skippedReasons: {}, failedErrors: {}, maybeTwice: 0 };
  const item = { ...row, counts, operation: OPERATION };
  const opened = press(answered(listed, 'operations', { operations: [item] }), 'enter').model;
  return answered(opened, 'operation', { item, entries: [], more: false });
}
