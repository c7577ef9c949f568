// The `:` commands: the program's own verbs, on the screen.

import { readDuration } from '../../domain/duration.js';
import { nearest } from '../../domain/nearest.js';
import { THEMES } from '../theme.js';
import type { Model } from '../model.js';
import { EMPTY_FORM } from '../new-job-form.js';
import { beginJobChange, beginPlan, beginPlainly } from './changes.js';
import { pickProfile } from './navigate.js';
import { goRoot, showDead, showJobs } from './places.js';
import { typedText } from './edit-text.js';
import { doing, enter, flash, stay, switchProfile, type Step } from './step.js';
import { whereProblem } from './where-problem.js';

interface ScreenCommand {
  readonly names: readonly string[];
  /** What follows the name, for the help. */
  readonly takes: string;
  readonly help: string;
  readonly run: (model: Model, rest: string, at: number) => Step;
  /** Words that can follow. */
  readonly words?: (model: Model) => readonly string[];
}

const LEAST_INTERVAL_MS = 250;

export const SCREEN_COMMANDS: readonly ScreenCommand[] = [
  { names: ['overview', 'stats'], takes: '', help: 'the overview', run: (model) => stay(goRoot(model, 'overview')) },
  { names: ['jobs', 'list'], takes: '[expression]', help: 'jobs, all or those that fit', run: listJobs },
  { names: ['job', 'status', 'why'], takes: 'ID', help: 'one job', run: (model, rest) => (rest === '' ? usage(model, 'job ID') : doing(model, { t: 'find-job', text: rest })) },
  { names: ['dlq', 'dead'], takes: '[queue]', help: 'dead letters', run: (model, rest) => openDead(model, rest), words: queueNames },
  { names: ['workers'], takes: '', help: 'workers', run: (model) => stay(goRoot(model, 'workers')) },
  { names: ['log', 'tail'], takes: '', help: 'the log', run: (model) => stay(goRoot(model, 'log')) },
  { names: ['history'], takes: '', help: 'replays, purges and restores so far', run: (model) => stay(enter(model, { view: 'operations' })) },
  { names: ['submit'], takes: '[type]', help: 'a new job', run: newJob, words: (model) => (model.slices.types.data?.types ?? []).map(({ type }) => type) },
  { names: ['cancel'], takes: 'ID…', help: 'cancel jobs (asks)', run: (model, rest) => jobChange(model, 'cancel', rest) },
  { names: ['retry'], takes: 'ID…', help: 'queue jobs again (asks)', run: (model, rest) => jobChange(model, 'retry', rest) },
  { names: ['restore'], takes: 'OPERATION', help: 'bring back a purge (asks)', run: restore },
  { names: ['pause'], takes: '[queue]', help: 'pause a queue (asks); without one: stop looking for news', run: pause, words: queueNames },
  { names: ['resume'], takes: 'queue', help: 'resume a queue (asks)', run: resumeQueue, words: queueNames },
  { names: ['every'], takes: 'SPAN', help: 'look this often, such as 10s; `every` alone: as usual', run: every },
  { names: ['readonly'], takes: 'on|off', help: 'block changes, or allow them', run: readOnly, words: () => ['on', 'off'] },
  { names: ['profile'], takes: '[name]', help: 'another profile', run: profile, words: ({ session }) => session.profiles },
  { names: ['theme'], takes: 'NAME', help: `colours: ${THEMES.join(', ')}`, run: theme, words: () => THEMES },
  { names: ['ascii'], takes: '', help: 'plain characters, or drawn ones', run: (model) => stay({ ...model, look: { ...model.look, ascii: !model.look.ascii } }) },
  { names: ['perf'], takes: '', help: 'what drawing costs, or no more', run: (model) => stay({ ...model, perf: model.perf === null ? 'measuring …' : null, flash: null }) },
  { names: ['help'], takes: '', help: 'all keys', run: (model) => stay({ ...model, help: { filter: '', scroll: 0 } }) },
  { names: ['quit', 'q'], takes: '', help: 'quit', run: (model) => doing({ ...model, ended: true }, { t: 'quit', code: 0 }) },
];

export function runCommandLine(model: Model, text: string, at: number): Step {
  const [name = '', ...words] = text.split(/\s+/);
  const command = SCREEN_COMMANDS.find(({ names }) => names.includes(name));
  if (command !== undefined) return command.run(model, words.join(' '), at);
  const near = nearest(name, SCREEN_COMMANDS.flatMap(({ names }) => names));
  return stay(flash(model, 'wait', `no command ${name}${near === undefined ? '; ? shows all' : `; did you mean :${near}?`}`));
}

/** The text with its last word completed as far as it is unambiguous. */
export function completeCommand(model: Model, text: string): string {
  const [name = '', ...rest] = text.trimStart().split(/\s+/);
  if (rest.length === 0) {
    const completed = completeWord(name, SCREEN_COMMANDS.flatMap(({ names }) => names));
    return SCREEN_COMMANDS.some(({ names, takes }) => names.includes(completed) && takes !== '') ? `${completed} ` : completed;
  }
  const words = SCREEN_COMMANDS.find(({ names }) => names.includes(name))?.words?.(model) ?? [];
  return [name, ...rest.slice(0, -1), completeWord(rest.at(-1) ?? '', words)].join(' ');
}

function completeWord(word: string, words: readonly string[]): string {
  const fitting = words.filter((candidate) => candidate.startsWith(word));
  const [first] = fitting;
  if (first === undefined) return word;
  let common = first;
  for (const candidate of fitting) while (!candidate.startsWith(common)) common = common.slice(0, -1);
  return common;
}

function listJobs(model: Model, rest: string): Step {
  const problem = whereProblem(rest);
  return stay(problem === null ? showJobs(model, rest) : flash(model, 'bad', problem));
}

function openDead(model: Model, rest: string): Step {
  const names = queueNames(model);
  if (rest !== '' && names.length > 0 && !names.includes(rest)) {
    const near = nearest(rest, names);
    return stay(flash(model, 'wait', `no queue is named ${rest}${near === undefined ? '' : `; did you mean ${near}?`}`));
  }
  return stay(showDead(model, rest === '' ? null : rest));
}

function newJob(model: Model, rest: string): Step {
  return stay(enter(model, { view: 'new-job', form: rest === '' ? EMPTY_FORM : { ...EMPTY_FORM, type: rest, cursor: typedText(rest).cursor } }));
}

function jobChange(model: Model, action: 'cancel' | 'retry', rest: string): Step {
  return rest === '' ? usage(model, `${action} ID`) : beginJobChange(model, action, { kind: 'ids', ids: rest.split(' ') });
}

function restore(model: Model, rest: string): Step {
  return rest === '' ? usage(model, 'restore OPERATION') : beginPlan(model, { action: 'restore', operation: rest, reasonText: null });
}

function pause(model: Model, rest: string, at: number): Step {
  if (rest === '') return stay(flash({ ...model, pace: { ...model.pace, paused: true } }, 'plain', 'held: nothing is looked at until p'));
  const lines = ['Workers take no more of its messages. What they hold goes on, and sending goes on.'];
  return beginPlainly(model, { title: `Pause ${rest}`, lines, verb: 'pause', words: `queues pause ${rest}`, change: { t: 'pause-queue', queue: rest } }, at);
}

function resumeQueue(model: Model, rest: string, at: number): Step {
  if (rest === '') return usage(model, 'resume QUEUE');
  const lines = ['Workers take its messages again.'];
  return beginPlainly(model, { title: `Resume ${rest}`, lines, verb: 'resume', words: `queues resume ${rest}`, change: { t: 'resume-queue', queue: rest } }, at);
}

function every(model: Model, rest: string): Step {
  const ms = rest === '' ? null : readDuration(rest);
  if (ms === undefined) return usage(model, 'every 10s');
  const everyMs = ms === null ? null : Math.max(LEAST_INTERVAL_MS, ms);
  return stay(flash({ ...model, pace: { ...model.pace, everyMs, scale: 1 } }, 'plain', everyMs === null ? 'looking as often as usual' : `looking every ${rest}`));
}

function readOnly(model: Model, rest: string): Step {
  if (rest !== 'on' && rest !== 'off') return usage(model, 'readonly on|off');
  if (rest === 'off' && model.session.production && model.session.readOnly) {
    return stay(flash(model, 'wait', 'this is a production profile: start with --write to change things'));
  }
  const session = { ...model.session, readOnly: rest === 'on' };
  return stay(flash({ ...model, session }, 'plain', rest === 'on' ? 'read-only: nothing is changed from here' : 'changes are allowed'));
}

function profile(model: Model, rest: string): Step {
  return rest === '' ? stay(pickProfile(model)) : switchProfile(model, rest);
}

function theme(model: Model, rest: string): Step {
  const chosen = THEMES.find((name) => name === rest);
  return chosen === undefined ? usage(model, `theme ${THEMES.join('|')}`) : stay({ ...model, look: { ...model.look, theme: chosen } });
}

function queueNames(model: Model): readonly string[] {
  return (model.slices.overview.data?.stats.queues ?? []).map(({ name }) => name);
}

function usage(model: Model, words: string): Step {
  return stay(flash(model, 'wait', `type :${words}`));
}
