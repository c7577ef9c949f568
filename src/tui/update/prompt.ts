// The line at the bottom that is typed into: filters, commands, paths, reasons. Enter takes what is typed, Esc leaves.

import type { Model, Prompt } from '../model.js';
import { placeOf } from '../model.js';
import type { Key } from '../terminal/terminal.js';
import { begin } from './changes.js';
import { completeCommand, runCommandLine } from './command-line.js';
import { insert, typeKey, typedText } from './edit-text.js';
import { findText } from './find.js';
import { setDeadFilter, setJobsFilter, setQueueFilter, toNewestLine } from './places.js';
import { doing, flash, stay, type Step } from './step.js';
import { whereProblem } from './where-problem.js';

export function typeIntoPrompt(model: Model, prompt: Prompt, key: Key, at: number): Step {
  if (key.name === 'escape' || key.name === 'ctrl-c') return stay({ ...model, prompt: null, pending: null });
  if (key.name === 'enter') return answer(model, prompt, at);
  if (key.name === 'backspace' && prompt.text === '') return stay({ ...model, prompt: null, pending: null });
  if (key.name === 'tab' && prompt.kind === 'command') return stay({ ...model, prompt: { ...prompt, ...typedText(completeCommand(model, prompt.text)), problem: null } });
  const typed = typeKey(prompt, key);
  return typed === undefined ? stay(model) : stay({ ...model, prompt: { ...prompt, ...typed, problem: null } });
}

export function pasteIntoPrompt(model: Model, prompt: Prompt, text: string): Step {
  return stay({ ...model, prompt: { ...prompt, ...insert(prompt, text), problem: null } });
}

function answer(model: Model, prompt: Prompt, at: number): Step {
  const text = prompt.text.trim();
  const closed: Model = { ...model, prompt: null, pending: null };
  switch (prompt.kind) {
    case 'command':
      return text === '' ? stay(closed) : runCommandLine(closed, text, at);
    case 'filter':
      return takeFilter(model, closed, prompt, text);
    case 'reason':
      return takeReason(model, closed, text, at);
    case 'save':
      return takePath(model, closed, text);
  }
}

function takeFilter(model: Model, closed: Model, prompt: Prompt, text: string): Step {
  const { view } = placeOf(model);
  if (view === 'log') return stay(toNewestLine({ ...closed, log: { ...closed.log, filter: text } }));
  if (view === 'overview') return stay(setQueueFilter(closed, text));
  if (view === 'job' || view === 'letter') return stay(findText(closed, text));
  const problem = whereProblem(text);
  if (problem !== null) return stay({ ...model, prompt: { ...prompt, problem } });
  return stay(view === 'dead' ? setDeadFilter(closed, text) : setJobsFilter(closed, text));
}

function takeReason(model: Model, closed: Model, text: string, at: number): Step {
  const { pending, prompt } = model;
  if (pending?.kind !== 'reason' || prompt === null) return stay(closed);
  if (text === '') return stay({ ...model, prompt: { ...prompt, problem: 'this profile wants a reason for every change' } });
  return begin(closed, pending.intent, at, text);
}

function takePath(model: Model, closed: Model, text: string): Step {
  if (model.pending?.kind !== 'save' || text === '') return stay(closed);
  return doing(flash(closed, 'plain', `saving to ${text} …`), { ...model.pending.effect, path: text });
}
