// What every screen has: row 1 with place and freshness, row 2 with the views, the line for prompts and news, the keys.

import type { Problem } from '../data.js';
import { age, ago, bar, clockTime, num, short } from '../figures.js';
import { interestKeys } from '../interest.js';
import { bindingOf, bindingsOf } from '../keymap.js';
import { isRoot, placeOf, rootOf, ROOT_VIEWS, type Model, type Prompt, type RootView, type ViewName } from '../model.js';
import { blanks, clean, fitLine, left, line, lineWidth, span, spread, width, type Line, type Piece } from '../text.js';
import { contextsOf } from '../update/update.js';
import { typedLine } from './typed-line.js';

export function headerLine(model: Model): Line {
  const { session, size, now } = model;
  const tag: Piece = session.production ? span(` PRODUCTION ${clean(session.profile)} `, 'banner') : span(`[${clean(session.profile)}]`, 'accent');
  const start = line(' ', span('copiloteval', 'strong'), '  ', tag, ' ', size.columns >= 80 ? `${clean(session.place)}  ` : ' ', ...(session.readOnly ? [span('read-only  ', 'wait')] : []), freshness(model));
  return spread(start, line(clockTime(now), ' '), size.columns);
}

/** Counts that were not taken twice in a row are late. */
const LATE_AFTER = 2;
const LATE_MS = 5_000;
/** Seconds to wait are counted up to whole ones. */
const BEGUN_SECOND_MS = 999;
/** Whether it answers is known for so long. */
const SURE_MS = 10_000;

/** How old what one sees is: nothing is shown as fresh that could not be looked at. */
function freshness(model: Model): Piece {
  const { overview } = model.slices;
  // A slice that nobody looks at any more stays as it was left.
  const asked = [...interestKeys(model)].map(([name, key]) => ({ key, slice: model.slices[name] }));
  const shown = asked.find(({ key, slice }) => slice.state === 'error' && slice.key === key)?.slice ?? overview;
  if (model.pace.paused) return span(`held ${ago(model.now - overview.at)}: p goes on`, 'wait');
  if (shown.state === 'error' && shown.problem !== null) {
    const retry = shown.retryAt === null ? '' : shown.retryAt <= model.now ? ', trying again' : `, retry in ${ago(shown.retryAt - model.now + BEGUN_SECOND_MS)}`;
    if (shown.problem.throttled) return span(`slowed by the service${retry}`, 'wait');
    const what = shown.data === null ? 'NO CONNECTION' : `STALE ${ago(model.now - shown.at)}`;
    return span(`${what}${retry}`, 'bad');
  }
  if (overview.data === null) return span('connecting …', 'faint');
  const { problem, countedAt } = overview.data.stats;
  if (problem !== null) return span(`${model.session.source === 'sqlite' ? 'queues' : 'bus'} DISCONNECTED${countedAt === null ? '' : `, counts ${ago(model.now - Date.parse(countedAt))} old`}`, 'bad');
  return model.session.source === 'sqlite' || countedAt === null ? ofStore(model) : ofService(model, model.now - Date.parse(countedAt));
}

function ofStore({ pace, slices: { overview } }: Model): Piece {
  const isSlow = isSlowed(pace);
  const every = overview.everyMs === 0 ? '' : `, every ${ago(overview.everyMs)}`;
  return span(isSlow ? `live, slowed${every}` : `live${pace.everyMs === null ? '' : every}`, 'faint');
}

/** Its counts are as old as they are: it may have asked to be left alone, and then answers nothing new for a while. */
function ofService({ pace, size, slices: { overview } }: Model, countsMs: number): Piece {
  const counts = `counts ${age(countsMs)} old`;
  if (countsMs > LATE_AFTER * overview.everyMs + LATE_MS) return span(`slowed: ${counts}`, 'wait');
  const every = overview.everyMs === 0 ? '' : `, every ${ago(overview.everyMs)}`;
  const health = countsMs < SURE_MS ? `bus ok${isSlowed(pace) ? ', slowed' : ''}${size.columns >= 100 ? `, ${counts}` : ''}` : `bus ${counts}`;
  return span(`${health}${every}`, 'faint');
}

function isSlowed({ scale, focused }: Model['pace']): boolean {
  return scale > 1 || !focused;
}

const NAMES: Readonly<Record<RootView, readonly [string, string]>> = {
  overview: ['Overview', 'Over'],
  jobs: ['Jobs', 'Jobs'],
  dead: ['Dead letters', 'Dead'],
  workers: ['Workers', 'Work'],
  log: ['Log', 'Log'],
};

export function tabsLine(model: Model): Line {
  const { columns } = model.size;
  const current = rootOf(model);
  const tabs = ROOT_VIEWS.flatMap((view, index) => {
    const [whole, brief] = NAMES[view];
    const name = columns >= 80 ? whole : brief;
    const text = ` ${index + 1} ${name}`;
    return [span(text, view === current ? 'strong' : 'faint'), ...countOf(model, view), blanks(columns >= 100 ? 3 : 2)];
  });
  return fitLine(line(...tabs), columns);
}

function countOf({ slices }: Model, view: RootView): readonly Piece[] {
  const { stats } = slices.overview.data ?? {};
  const workers = slices.workers.data?.workers;
  switch (view) {
    case 'jobs':
      return stats === undefined ? [] : [` ${short(Object.values(stats.jobs).reduce((sum, count) => sum + count, 0))}`];
    case 'dead': {
      const dead = stats?.queues.reduce((sum, { deadLetter }) => sum + deadLetter, 0) ?? 0;
      return dead === 0 ? [] : [span(` ${short(dead)}!`, 'bad')];
    }
    case 'workers': {
      if (workers === undefined) return [];
      const live = workers.filter(({ alive }) => alive).length;
      return live === workers.length ? [` ${live}`] : [span(` ${live}/${workers.length}`, 'wait')];
    }
    case 'overview':
    case 'log':
      return [];
  }
}

/** A prompt, what goes on, or the news; in this order, one line. */
export function messageLine(model: Model): Line {
  const { columns } = model.size;
  if (model.prompt !== null) return promptLine(model, model.prompt, columns);
  const { running, flash } = model;
  if (running !== null && (flash === null || !running.stopping)) return fitLine(runningLine(model), columns);
  if (flash !== null) return fitLine(line(' ', span(clean(flash.text), flash.tone === 'plain' ? 'strong' : flash.tone)), columns);
  if (model.perf !== null) return fitLine(line(' ', span(model.perf, 'faint')), columns);
  const { overview } = model.slices;
  const problem = overview.state === 'error' ? overview.problem : (overview.data?.stats.problem ?? null);
  if (problem !== null) {
    return fitLine(problemLine(problem, columns), columns);
  }
  return fitLine([], columns);
}

/** What to do is worth more than every word of what is wrong, which the log has. */
function problemLine({ message, hint }: Pick<Problem, 'message' | 'hint'>, cells: number): Line {
  if (hint === null) return line(' ', span(clean(message), 'bad'));
  const remedy = ` (${clean(hint)})`;
  const room = Math.max(Math.floor(cells / 2), cells - 1 - width(remedy));
  const cause = clean(message);
  return line(' ', span(width(cause) <= room ? cause : left(cause, room), 'bad'), span(remedy, 'accent'));
}

function runningLine({ running, now, size }: Model): Line {
  if (running === null) return [];
  const { verb, done, total, failed, stopping, waitingUntil } = running;
  const wait = waitingUntil !== null && waitingUntil > now ? `  waiting ${ago(waitingUntil - now)} for letters that somebody holds` : '';
  const counts = total === 0 ? 'beginning' : `${num(done)}/${num(total)}`;
  const kept = failed === 0 ? '' : `  ${num(failed)} failed (kept)`;
  const cells = size.columns < 80 ? 6 : 12;
  const state = line(' ', span(`${verb}: `, 'strong'), `${counts} `, span(left(bar(done, Math.max(1, total), cells), cells), 'busy'), span(kept, 'bad'), wait);
  const ends = stopping ? ['stopping …'] : ['Esc = stop after what is at hand, nothing is lost', 'Esc stops, nothing is lost', 'Esc stops'];
  const end = ends.find((text) => lineWidth(state) + 2 + text.length <= size.columns) ?? ends.at(-1) ?? '';
  return line(...state, span(`  ${end}`, 'faint'));
}

const PROMPTS: Readonly<Record<Prompt['kind'], readonly [string, string]>> = {
  filter: ['/ ', 'status type queue user reason error age attempt priority label.x payload.x; = != < > ~ in and or not'],
  command: [': ', 'Tab completes, Enter runs, Esc leaves'],
  save: ['save to ', 'Enter saves, Esc leaves; .csv where it is a list'],
  reason: ['why? ', 'this profile wants a reason for every change; Esc leaves'],
};

/** Where a filter is no where-expression. */
const FILTER_HINTS: Readonly<Partial<Record<ViewName, string>>> = {
  overview: 'a part of the name, or *-jobs; Enter, Esc',
  log: 'lines that contain this; Enter, Esc',
  job: 'a text to look for; n and N go on',
  letter: 'a text to look for; n and N go on',
};

function promptLine(model: Model, prompt: Prompt, cells: number): Line {
  const [sign, fields] = PROMPTS[prompt.kind];
  const hint = prompt.kind === 'filter' ? (FILTER_HINTS[placeOf(model).view] ?? fields) : fields;
  const hasProblem = prompt.problem !== null;
  const typed = line(' ', span(sign, 'accent'), ...typedLine(prompt.text, prompt.cursor, Math.max(20, Math.floor(cells * (hasProblem ? 0.9 : 0.6)))));
  const rest = cells - lineWidth(typed);
  return fitLine(line(...typed, rest > 24 && !hasProblem && span(`   ${hint}`, 'faint')), cells);
}

const WHERE_PLACE = /^where expression, (column \d+: )?/;

/** Below what is typed, with what to write instead: where there is no room for all of it, without saying where it is. */
function promptProblem(problem: string, cells: number): Line {
  const whole = clean(problem);
  const shorter = [whole, whole.replace(WHERE_PLACE, (_all, column: string | undefined) => column ?? ''), whole.replace(WHERE_PLACE, '')];
  return fitLine(line(' ', span(shorter.find((text) => width(text) < cells) ?? shorter.at(-1) ?? whole, 'bad')), cells);
}

/** As many keys as fit, the most important first; what is not allowed is not offered. */
export function keysLine(model: Model): Line {
  const { columns } = model.size;
  if (model.help !== null) return fitLine(line(' ', span('Esc', 'accent'), ' close   ', span('up, down', 'accent'), ' scroll   type to filter'), columns);
  if (model.prompt !== null && model.prompt.problem !== null) return promptProblem(model.prompt.problem, columns);
  if (model.prompt !== null) return fitLine(line(' ', span('Enter', 'accent'), ' take   ', span('Esc', 'accent'), ' leave   ', span('Ctrl-u', 'accent'), ' clear'), columns);
  if (model.dialog !== null) return fitLine([], columns);
  // Letters are text in a form: only its own keys are keys.
  const contexts = contextsOf(model).filter((context) => context !== 'everywhere' || placeOf(model).view !== 'new-job');
  // A key that means something else nearer by is not offered with its outer meaning.
  const hints = contexts
    .flatMap((context) => bindingsOf(context).filter(({ keys }) => bindingOf(keys[0] ?? '', contexts)?.context === context))
    .flatMap(({ keys, hint, danger }) => (hint === undefined || (danger !== undefined && model.session.readOnly) ? [] : [[keyName(keys[0] ?? ''), hint === 'quit' && !isRoot(placeOf(model)) ? 'back' : hint] as const]));
  const first = placeOf(model).view === 'new-job' ? (['Esc', 'leave'] as const) : (['?', 'help'] as const);
  const ordered = [first, ...hints.filter(([key]) => key !== '?')];
  let row = line(' ');
  for (const [key, hint] of ordered) {
    const next = line(...row, lineWidth(row) > 1 ? '  ' : '', span(key, 'accent'), ` ${hint}`);
    if (lineWidth(next) > columns - 1) continue;
    row = next;
  }
  return fitLine(row, columns);
}

function keyName(key: string): string {
  const name = key.charAt(0).toUpperCase() + key.slice(1);
  return key.length === 1 ? key : name;
}
