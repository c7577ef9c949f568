import { expect, test } from 'vitest';
import { bindingOf, BINDINGS } from '../../../src/tui/keymap.js';
import { interestKeys, wishesOf } from '../../../src/tui/interest.js';
import { visibleRows } from '../../../src/tui/layout.js';
import { CHANGING_EFFECTS, type Effect, type Msg, type SliceUpdate } from '../../../src/tui/messages.js';
import { LIST_NAMES, ROOT_VIEWS, type Model } from '../../../src/tui/model.js';
import { idsOf } from '../../../src/tui/rows.js';
import { contextsOf, update } from '../../../src/tui/update/update.js';
import { groupRow, jobsData, jobRow, keyOf, letterRow, modelAt, NOON, overviewData, queueStat, workerRow } from '../../support/tui-model.js';

const EVENTS = 20_000;

/** A small generator of its own: the same events for the same seed, on every machine. */
function chanceFrom(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state ^ (state >>> 15), 0x2c1b3c6d) + 0x9e3779b9) | 0;
    return ((state ^ (state >>> 12)) >>> 0) % below;
  };
}

const KEYS = [...new Set(BINDINGS.flatMap(({ keys }) => keys)), 'a', 'z', '9', 'ä', '"', '=', 'delete', 'backspace', 'left', 'ctrl-w'].filter(
  (key) => key !== 'q' && key !== 'ctrl-c' && key !== 'ctrl-z',
);

/** Any key; where something is asked, often one that answers it. */
function likelyKey(model: Model, chance: (below: number) => number): string {
  const { dialog } = model;
  if (dialog?.kind === 'ask' && chance(2) === 0) return dialog.expect === null ? 'y' : (dialog.expect[dialog.typed.length] ?? 'x').replace(' ', 'space');
  if (model.help !== null && chance(3) === 0) return 'escape';
  return KEYS[chance(KEYS.length)] ?? 'j';
}

function randomMessage(model: Model, chance: (below: number) => number, at: number): Msg {
  const kind = chance(100);
  if (kind < 62) return { t: 'key', key: keyOf(likelyKey(model, chance)), at };
  if (kind < 64) return { t: 'paste', text: 'y purge 3\nq', at };
  if (kind < 67) return { t: 'resize', size: chance(6) === 0 ? { columns: 40, rows: 9 } : { columns: 60 + chance(150), rows: 15 + chance(50) } };
  if (kind < 68) return { t: 'focus', focused: chance(2) === 0, at };
  if (kind < 72) return { t: 'tick', now: at, looked: [] };
  if (kind < 90) return { t: 'data', now: at, updates: wishesOf(model).flatMap(({ interest, key }) => randomUpdate(interest.slice, chance(12) === 0 ? `${key} ` : key, chance)) };
  if (kind < 93) return { t: 'events', now: at, skipped: 0, entries: [{ id: `e${at}`, at, kind: 'dead-lettered', status: 'DeadLettered', jobId: jobRow(chance(90)).jobId, jobType: 'echo', worker: null, queue: 'q', text: 'x' }] };
  return randomResult(model, chance, at);
}

function randomResult(model: Model, chance: (below: number) => number, at: number): Msg {
  const token = chance(3) === 0 ? chance(model.nextToken + 1) : model.nextToken - 1;
  const matched = chance(9);
  switch (chance(7)) {
    case 0:
      return { t: 'counted', token, at, counted: { action: 'cancel', matched, byStatus: { Queued: matched }, command: 'copiloteval cancel x' } };
    case 1:
      return { t: 'planned', token, at, plan: { action: chance(2) === 0 ? 'purge' : 'replay', operation: 'R1234567', queues: ['q'], matched, acting: matched, lines: [], details: [], command: 'c' } };
    case 2:
      return { t: 'prepare-failed', token, at, problem: { code: 'X', message: 'no', hint: null, throttled: false } };
    case 3:
      return { t: 'done', token, at, outcome: { text: 'done', tone: chance(2) === 0 ? 'good' : 'bad', title: 't', lines: [], command: null, complete: true } };
    case 4:
      return { t: 'progress', token, at, done: 1, total: 2, failed: 1, waitingUntil: null };
    case 5:
      return { t: 'letter-edited', at, edited: { queue: 'evaluation-jobs', sequenceNumber: '1', edits: [{ path: ['a'], value: chance(5) }], diff: [] } };
    default:
      return { t: 'note', at, tone: 'plain', text: 'note' };
  }
}

function randomUpdate(slice: string, key: string, chance: (below: number) => number): readonly SliceUpdate[] {
  const everyMs = 1000;
  if (chance(8) === 0) return [{ slice: 'overview', key: '{"slice":"overview"}', everyMs, ok: false, retryAt: NOON, problem: { code: 'DB_BUSY', message: 'busy', hint: null, throttled: false } }];
  const ok = true as const;
  switch (slice) {
    case 'overview':
      return [{ slice, key, everyMs, ok, data: overviewData({ stats: { ...overviewData().stats, queues: Array.from({ length: chance(9) }, (_, index) => queueStat(`q${index}`, { active: chance(50) })) } }) }];
    case 'jobs':
      return [{ slice, key, everyMs, ok, data: jobsData(200 + chance(50), chance(120), { more: chance(2) === 0, chunkCursors: [`c${chance(9)}`] }) }];
    case 'workers':
      return [{ slice, key, everyMs, ok, data: { workers: Array.from({ length: chance(5) }, (_, index) => workerRow(index)) } }];
    case 'groups':
      return [{ slice, key, everyMs, ok, data: { groups: Array.from({ length: chance(6) }, (_, index) => groupRow(index)), scanned: 9, inQueues: 9, lookedAt: NOON } }];
    case 'letters':
      return [{ slice, key, everyMs, ok, data: { letters: Array.from({ length: chance(70) }, (_, index) => letterRow(index + chance(3))), more: chance(2) === 0, lookedAt: NOON } }];
    default:
      return [];
  }
}

function checkLists(model: Model): void {
  for (const name of LIST_NAMES) {
    const ids = idsOf(model, name);
    const { index, top, selected } = model.lists[name];
    if (ids.length === 0) continue;
    if (selected === null && index === 0 && top === 0) continue;
    expect(index, name).toBeGreaterThanOrEqual(0);
    expect(index, name).toBeLessThan(ids.length);
    expect(top, name).toBeLessThanOrEqual(index);
    expect(index, name).toBeLessThan(top + visibleRows(model, name));
  }
}

/** A change follows from a dialog that asked for it, by `y` or by the last of the words it wanted, and by nothing else. */
function checkEffects(before: Model, msg: Msg, effects: readonly Effect[]): void {
  for (const effect of effects) {
    if (!CHANGING_EFFECTS.has(effect.t)) continue;
    const { dialog } = before;
    expect(dialog?.kind).toBe('ask');
    if (dialog?.kind !== 'ask') continue;
    expect(effect).toEqual(dialog.confirm);
    expect(msg.t).toBe('key');
    if (msg.t !== 'key') continue;
    expect(msg.key.name).not.toBe('enter');
    expect(msg.at - dialog.openedAt).toBeGreaterThanOrEqual(300);
    expect(before.session.readOnly).toBe(false);
    if (dialog.expect === null) expect(msg.key.name).toBe('y');
    else expect(dialog.typed + (msg.key.text ?? '')).toBe(dialog.expect);
  }
}

test.each([1, 2, 3, 4])(`${EVENTS / 4} random events keep every list and every confirmation in order (seed %i)`, (seed) => {
  const chance = chanceFrom(seed * 7919);
  let model = modelAt(100, 30, { session: { readOnly: seed === 4 } });
  let at = NOON;
  let changes = 0;
  const seen = new Set<string>();
  for (let event = 0; event < EVENTS / 4; event += 1) {
    at += chance(900);
    const msg = randomMessage(model, chance, at);
    const [next, effects] = update(model, msg);
    checkEffects(model, msg, effects);
    changes += effects.filter(({ t }) => CHANGING_EFFECTS.has(t)).length;
    checkLists(next);
    expect(next.places.length).toBeLessThan(500);
    for (const [slice, key] of interestKeys(next)) expect(key).toContain(slice);
    seen.add(next.places.at(-1)?.view ?? '');
    // A way back to the roots now and then, so that all screens are seen.
    const root = ROOT_VIEWS[chance(ROOT_VIEWS.length)] ?? 'jobs';
    model = chance(60) === 0 ? { ...next, places: [{ view: root }], ended: false, prompt: null, help: null } : { ...next, ended: false };
  }
  expect(seen.size).toBeGreaterThan(7);
  if (seed === 4) expect(changes).toBe(0);
  else expect(changes).toBeGreaterThan(3);
});

/** The fuzz agrees so seldom that it must be shown that agreeing works. */
test('y on a dialog that is old enough does what it says, and nothing else does', () => {
  const asked = update(update(modelAt(100, 30), { t: 'key', key: keyOf('4'), at: NOON })[0], {
    t: 'data',
    now: NOON,
    updates: [{ slice: 'workers', key: '{"slice":"workers"}', everyMs: 1, ok: true, data: { workers: [workerRow(7)] } }],
  })[0];
  const [open] = update(asked, { t: 'key', key: keyOf('X'), at: NOON + 1000 });
  expect(open.dialog).toMatchObject({ kind: 'ask', command: 'copiloteval worker drain worker-07' });
  const tooEarly = update(open, { t: 'key', key: keyOf('y'), at: NOON + 1299 });
  expect(tooEarly).toEqual([expect.objectContaining({ dialog: open.dialog }), []]);
  for (const no of ['enter', 'escape', 'n', 'q']) {
    expect(update(open, { t: 'key', key: keyOf(no), at: NOON + 1300 })).toEqual([expect.objectContaining({ dialog: null }), []]);
  }
  expect(update(open, { t: 'key', key: keyOf('y'), at: NOON + 1300 })[1]).toEqual([{ t: 'drain-worker', workerId: 'worker-07', audit: { what: 'worker drain worker-07', reasonText: null } }]);
  expect(bindingOf('y', contextsOf(open))?.action).toBe('ask.yes');
});
