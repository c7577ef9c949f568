// One frame as text, or the data behind it as JSON, for pipes and scripts. Draws with the same functions as the live
// screen, and loads neither React nor Ink.

import { initialModel, type Start } from './initial-model.js';
import { wishesOf } from './interest.js';
import type { SliceUpdate } from './messages.js';
import type { Model } from './model.js';
import { placeOf } from './model.js';
import { openLookers } from './source/lookers.js';
import type { DashboardPorts } from './source/ports.js';
import { plainText, type Line } from './text.js';
import { paintLine } from './theme.js';
import { update } from './update/update.js';
import { tabsLine } from './view/chrome.js';
import { content } from './view/frame.js';

/** Grows when a field changes its meaning or goes. */
const SCHEMA_VERSION = 1;
/** Answers can lead to further questions: the messages of a group are asked for when the groups are known. */
const MAX_ROUNDS = 4;

export interface OnceAnswer {
  readonly text: string;
  readonly json: Readonly<Record<string, unknown>>;
}

/** Looks at what the view shows, once. Throws what looking throws. */
export async function lookOnce(ports: DashboardPorts, start: Start, signal: AbortSignal): Promise<OnceAnswer> {
  const lookers = openLookers(ports);
  let model = initialModel(start);
  const answered = new Set<string>();
  for (let round = 0; round < MAX_ROUNDS; round += 1) {
    const open = wishesOf(model).filter(({ key }) => !answered.has(key));
    if (open.length === 0) break;
    const updates = await Promise.all(
      open.map(async ({ interest, key }) => {
        answered.add(key);
        const { data } = await lookers.look(interest, signal);
        // The looker of a slice answers with that slice's data.
        return { slice: interest.slice, key, everyMs: 0, ok: true, data } as SliceUpdate;
      }),
    );
    model = update(model, { t: 'data', now: ports.clock.now(), updates })[0];
  }
  return { text: textOf(model), json: jsonOf(model, answered) };
}

const EMPTY_ROW = /^[\s│|]*$/;

/** Without the cursor, which nobody moves here, and without rows that only fill a screen. */
function textOf(model: Model): string {
  const still: Model = { ...model, lists: Object.fromEntries(Object.entries(model.lists).map(([name, list]) => [name, { ...list, selected: null }])) as Model['lists'] };
  const rows = [tabsLine(still), ...content(still)].map((row) => printed(row, still));
  return rows.filter((row, index) => !EMPTY_ROW.test(row) || (rows[index + 1] ?? '').startsWith('──')).join('\n');
}

function printed(row: Line, { look }: Model): string {
  return look.theme === 'mono' ? plainPainted(row, look.ascii) : paintLine(row, look).trimEnd();
}

function plainPainted(row: Line, ascii: boolean): string {
  return (ascii ? paintLine([{ text: plainText(row), tone: 'plain' }], { theme: 'mono', ascii }) : plainText(row)).trimEnd();
}

function jsonOf(model: Model, answered: ReadonlySet<string>): Readonly<Record<string, unknown>> {
  const slices = Object.entries(model.slices).filter(([, { key }]) => answered.has(key));
  return {
    schemaVersion: SCHEMA_VERSION,
    at: new Date(model.now).toISOString(),
    profile: model.session.profile,
    source: model.session.source,
    view: placeOf(model).view,
    ...Object.fromEntries(slices.map(([name, { data }]) => [name, printable(data)])),
  };
}

/** As docs/json-output.md has it everywhere: instants are ISO 8601, and what are milliseconds says so in its name. */
function printable(value: unknown, name = ''): unknown {
  if (Array.isArray(value)) return value.map((item) => printable(item));
  if (typeof value === 'number' && /(?:^at|At|Since)$/.test(name)) return new Date(value).toISOString();
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [/^p\d\d$/.test(key) ? `${key}Ms` : key, printable(item, key)]));
}
