import { beforeAll, describe, expect, test } from 'vitest';
import type { SliceName } from '../../../src/tui/data.js';
import { interestKeys } from '../../../src/tui/interest.js';
import type { SliceUpdate } from '../../../src/tui/messages.js';
import { ROOT_VIEWS, type Model } from '../../../src/tui/model.js';
import { lineWidth, plainText, TONES, type Line } from '../../../src/tui/text.js';
import { asciiText, paintLine, THEMES } from '../../../src/tui/theme.js';
import { frame } from '../../../src/tui/view/frame.js';
import { after, answered, jobRow, jobsData, modelAt, NOON, overviewData, press } from '../../support/tui-model.js';
import { planned, screen, SCREENS, withDead, withJobs } from '../../support/tui-screens.js';

const SIZES = [
  [120, 30],
  [100, 30],
  [80, 24],
  [60, 15],
] as const;

beforeAll(() => {
  // Clocks on the screen are of the machine's own time zone.
  process.env['TZ'] = 'UTC';
});

function expectFits(model: Model): void {
  const lines = frame(model);
  expect(lines).toHaveLength(model.size.rows);
  for (const row of lines) expect(lineWidth(row), plainText(row)).toBe(model.size.columns);
}

describe.each(SIZES)('%i columns, %i rows', (columns, rows) => {
  test.each(SCREENS)('%s fits exactly and looks as recorded', async (name) => {
    const model = screen(name, columns, rows);
    expectFits(model);
    await expect(printed(frame(model), columns === 100)).toMatchFileSnapshot(`goldens/${name}-${columns}x${rows}.txt`);
  });
});

test.each(SCREENS)('%s fits at every size from the least to the widest, and says what is too small', (name) => {
  for (const [columns, rows] of [[60, 16], [61, 17], [79, 20], [95, 26], [97, 27], [133, 40], [151, 45], [200, 60], [48, 12], [30, 8], [200, 5]] as const) {
    expectFits(screen(name, columns, rows));
  }
});

test.each(ROOT_VIEWS)('%s fits without data, with a problem, and with texts of any kind', (view) => {
  for (const [columns, rows] of SIZES) {
    const empty = modelAt(columns, rows, { view });
    expectFits(empty);
    const key = (slice: SliceName): string => interestKeys(empty).get(slice) ?? '';
    const problem = { code: 'BACKEND_UNAVAILABLE', message: 'no answer from \u001B[31mhere\u0007 '.repeat(9), hint: 'wait', throttled: false };
    const failed: SliceUpdate[] = (['overview', 'workers', 'jobs', 'groups'] as const).map((slice) => ({ slice, key: key(slice), everyMs: 1, ok: false, problem, retryAt: NOON + 9000 }));
    expectFits(after(empty, { t: 'data', now: NOON, updates: failed }));
  }
});

test('what a terminal would act on, wide characters and endless names are shown as text of the right width', () => {
  const nasty = ['\u001B[2J\u001B]0;x\u0007', '日本語の名前がとても長い', '👩‍👩‍👧 family', 'a\nb\tc', 'é́́', '\u202Eright to left'];
  for (const text of nasty) {
    const rows = [jobRow(1, { queue: text, type: text.repeat(9), note: text.repeat(30), worker: text, status: 'Failed' })];
    for (const [columns, height] of SIZES) {
      const model = answered(press(modelAt(columns, height), '2').model, 'jobs', { ...jobsData(9, 1), rows });
      expectFits(model);
      const painted = frame(model).map((row) => paintLine(row, { theme: 'mono', ascii: false })).join('');
      expect(painted).not.toMatch(/\u001B\[2J|\u0007|\u202E/);
    }
  }
});

test('a production profile wears its banner, and read-only says so', () => {
  const rows = frame(screen('overview', 100, 30, { production: true, readOnly: true, profile: 'live' }));
  expect(plainText(rows[0] ?? [])).toContain('PRODUCTION live');
  expect(rows[0]?.find(({ text }) => text.includes('PRODUCTION'))?.tone).toBe('banner');
  expect(plainText(rows[0] ?? [])).toContain('read-only');
  expect(plainText(rows.at(-1) ?? [])).not.toContain('pause queue');
});

test('stale data stays, and says how old it is', () => {
  const shown = answered(modelAt(100, 30), 'overview', overviewData());
  const problem = { code: 'DB_BUSY', message: 'another process holds the database', hint: null, throttled: false };
  const key = interestKeys(shown).get('overview') ?? '';
  const stale = after(shown, { t: 'data', now: NOON + 20_000, updates: [{ slice: 'overview', key, everyMs: 1, ok: false, problem, retryAt: NOON + 28_000 }] });
  const text = frame(stale).map(plainText).join('\n');
  expect(text).toContain('STALE 19s, retry in 8s');
  expect(text).toContain('evaluation-jobs');
  expect(text).toContain('another process holds the database');
  const slowed = after(stale, { t: 'data', now: NOON + 21_000, updates: [{ slice: 'overview', key, everyMs: 1, ok: false, problem: { ...problem, throttled: true }, retryAt: NOON + 28_000 }] });
  expect(frame(slowed).map(plainText).join('\n')).toContain('slowed by the service');
});

test('a failure on a screen that was left is not told on the next one', () => {
  const dead = press(answered(modelAt(100, 30), 'overview', overviewData()), '3').model;
  const problem = { code: 'SB_UNREACHABLE', message: 'the service does not answer', hint: null, throttled: false };
  const key = interestKeys(dead).get('groups') ?? '';
  const failed = after(dead, { t: 'data', now: NOON + 5_000, updates: [{ slice: 'groups', key, everyMs: 1, ok: false, problem, retryAt: NOON + 8_000 }] });
  expect(plainText(frame(failed)[0] ?? [])).toContain('NO CONNECTION');
  expect(plainText(frame(press(failed, '1').model)[0] ?? [])).toContain('live');
});

test('every theme paints every tone, and plain text is the same in all of them', () => {
  const row: Line = TONES.map((tone) => ({ text: `${tone} ▇─│…`, tone }));
  for (const theme of THEMES) {
    expect(paintLine(row, { theme, ascii: false }).replace(/\u001B\[[\d;]*m/g, '')).toBe(plainText(row));
  }
});

test('ASCII keeps every width', () => {
  for (const name of SCREENS) {
    for (const row of frame(screen(name, 80, 24))) {
      const ascii = asciiText(plainText(row));
      expect(ascii).toMatch(/^[ -~]*$/);
      expect(ascii).toHaveLength(80);
    }
  }
});

test('the footer offers keys of the screen first and never half a word', () => {
  for (const [columns, rows] of SIZES) {
    const text = plainText(frame(withJobs(modelAt(columns, rows))).at(-1) ?? []);
    expect(text).toMatch(/^ \? help {2}Enter detail/);
    expect(text).not.toContain('…');
  }
});

test('a dialog says what y does, and that Enter does nothing', () => {
  const asked = planned(press(withDead(screen('overview', 100, 30)), 'R').model);
  const text = frame(asked).map(plainText).join('\n');
  expect(text).toContain('[y] send 207');
  expect(text).toContain('[n, Esc, Enter] cancel');
  expect(text).toContain('$ copiloteval dlq replay --queue evaluation-jobs --all');
});

/** The text; with `runs`, also what each part means, by place. */
function printed(lines: readonly Line[], runs: boolean): string {
  const text = lines.map((row) => plainText(row).trimEnd()).join('\n');
  if (!runs) return `${text}\n`;
  const tones = lines.flatMap((row, index) => {
    let column = 0;
    const parts = row.flatMap(({ text: part, tone }) => {
      const from = column;
      column += part.length;
      return tone === 'plain' || part.trim() === '' ? [] : [`${tone} ${from}-${column}`];
    });
    return parts.length === 0 ? [] : [`${index + 1}: ${parts.join(', ')}`];
  });
  return `${text}\n\n${tones.join('\n')}\n`;
}
