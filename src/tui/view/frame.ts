// frame(model): the whole screen as lines, each exactly as wide as the screen, as many as it has rows. Pure.

import { isTooSmall, LEAST_SIZE } from '../layout.js';
import { placeOf, type Model } from '../model.js';
import { blanks, fitLine, line, span, width, type Line } from '../text.js';
import { headerLine, keysLine, messageLine, tabsLine } from './chrome.js';
import { deadBody, deadTitle } from './dead.js';
import { withDialog } from './dialog.js';
import { helpBody, helpTitle } from './help.js';
import { jobBody, jobTitle } from './job.js';
import { jobsBody, jobsTitle } from './jobs.js';
import { letterBody, letterTitle } from './letter.js';
import { logBody, logTitle } from './log.js';
import { newJobBody, newJobTitle } from './new-job.js';
import { operationBody, operationsBody, operationsTitle, operationTitle } from './operations.js';
import { overviewBody, overviewTitle } from './overview.js';
import { workersBody, workersTitle } from './workers.js';

export function frame(model: Model): readonly Line[] {
  const { columns } = model.size;
  if (isTooSmall(model.size)) return tooSmall(model);
  const body = bodyOf(model);
  const shown = model.dialog === null ? body : withDialog(body, model.dialog, columns);
  return [headerLine(model), tabsLine(model), titleOf(model), ...shown, messageLine(model), keysLine(model)].map((row) => fitLine(row, columns));
}

/** The title and the body without what is around them: for `--once`. */
export function content(model: Model): readonly Line[] {
  return [titleOf(model), ...bodyOf(model)].map((row) => fitLine(row, model.size.columns));
}

function titleOf(model: Model): Line {
  if (model.help !== null) return helpTitle(model, model.help);
  const place = placeOf(model);
  switch (place.view) {
    case 'overview':
      return overviewTitle(model);
    case 'jobs':
      return jobsTitle(model);
    case 'job':
      return jobTitle(model, place);
    case 'dead':
      return deadTitle(model);
    case 'letter':
      return letterTitle(model, place);
    case 'operations':
      return operationsTitle(model);
    case 'operation':
      return operationTitle(model, place);
    case 'workers':
      return workersTitle(model);
    case 'log':
      return logTitle(model);
    case 'new-job':
      return newJobTitle(model);
  }
}

function bodyOf(model: Model): readonly Line[] {
  if (model.help !== null) return helpBody(model, model.help);
  const place = placeOf(model);
  switch (place.view) {
    case 'overview':
      return overviewBody(model);
    case 'jobs':
      return jobsBody(model);
    case 'job':
      return jobBody(model, place);
    case 'dead':
      return deadBody(model);
    case 'letter':
      return letterBody(model, place);
    case 'operations':
      return operationsBody(model);
    case 'operation':
      return operationBody(model);
    case 'workers':
      return workersBody(model);
    case 'log':
      return logBody(model);
    case 'new-job':
      return newJobBody(model, place);
  }
}

function tooSmall({ size }: Model): readonly Line[] {
  const texts = [
    `copiloteval needs ${LEAST_SIZE.columns}x${LEAST_SIZE.rows},`,
    `this is ${size.columns}x${size.rows}.`,
    '',
    'Resize, or run with --once.',
    'q quit (other keys are off)',
  ];
  const top = Math.max(0, Math.floor((size.rows - texts.length) / 2));
  return Array.from({ length: size.rows }, (_, row) => {
    const text = texts[row - top] ?? '';
    return fitLine(line(span(blanks(Math.floor((size.columns - width(text)) / 2))), text), size.columns);
  });
}
