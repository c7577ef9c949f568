// Beginning a change: what is prepared first, what is asked then. Nothing here changes anything but the screen.

import { PLAN_VALID_MS, says, type AskDialog, type DialogLine } from '../dialogs.js';
import { printAssignment } from '../../domain/dead-letters/payload-edit.js';
import { shellWord } from '../../domain/dead-letters/selection.js';
import { shortId } from '../../domain/ids.js';
import { ago, num, took } from '../figures.js';
import type { AuditNote, CountedJobs, Effect, Intent, JobAction, JobTarget, LetterTarget, PlainQuestion, PlannedOperation, PlanRequest } from '../messages.js';
import type { Model } from '../model.js';
import { openDialog } from './open-dialog.js';
import { commandLine, doing, flash, refusal, stay, takeToken, type Step } from './step.js';

/**
 * Begins a change: refused where nothing may be changed, and not before there is a reason where every change needs one.
 * Submitting is what the program is for and needs none.
 */
export function begin(model: Model, intent: Intent, at: number, reasonText: string | null = null): Step {
  const refused = refusal(model, needsQueues(intent));
  if (refused !== undefined) return refused;
  const needsReason = intent.kind !== 'plain' || intent.question.change.t !== 'submit';
  if (model.session.reasonRequired && needsReason && reasonText === null) {
    return stay({ ...model, pending: { kind: 'reason', intent }, prompt: { kind: 'reason', text: '', cursor: 0, problem: null }, flash: null });
  }
  switch (intent.kind) {
    case 'jobs':
      return countJobs(model, intent, reasonText);
    case 'plan':
      return makePlan(model, 'reasonText' in intent.request ? { ...intent.request, reasonText } : intent.request);
    case 'plain':
      return askPlainly(model, intent.question, at, reasonText);
  }
}

function needsQueues(intent: Intent): boolean {
  if (intent.kind === 'plain') return intent.question.change.t === 'pause-queue' || intent.question.change.t === 'resume-queue';
  return intent.kind === 'plan';
}

/** Cancel or retry: the jobs are counted, then the user is asked. */
export function beginJobChange(model: Model, action: JobAction, target: JobTarget): Step {
  return begin(model, { kind: 'jobs', action, target }, model.now);
}

/** Replay, purge, restore, resume: a plan is made, then the user is asked. */
export function beginPlan(model: Model, request: PlanRequest): Step {
  return begin(model, { kind: 'plan', request }, model.now, 'reasonText' in request ? request.reasonText : null);
}

/** Where the letters came from, as fast as it goes. */
export const AS_USUAL = { toQueue: null, ratePerSecond: null } as const;

export function beginPlainly(model: Model, question: PlainQuestion, at: number): Step {
  return begin(model, { kind: 'plain', question }, at);
}

function countJobs(model: Model, { action, target }: Extract<Intent, { kind: 'jobs' }>, reasonText: string | null): Step {
  if (target.kind === 'ids' && target.ids.length === 0) return stay(flash(model, 'plain', 'no job is selected'));
  const words = target.kind === 'ids' ? target.ids.map(shortId).join(' ') : `--where ${shellWord(target.where === '' ? 'age >= 0s' : target.where)}`;
  const command = commandLine(model, `${action} ${words}${reasonWords(reasonText)}`);
  const [counting, token] = takeToken(model);
  const cancel: Effect = { t: 'drop', token };
  const waiting = openDialog(counting, { kind: 'wait', title: `${titleOf(action)}: counting`, text: 'looking at the jobs that are meant', token, command, cancel, request: null });
  return doing(waiting, { t: 'count-jobs', token, action, target, command, reasonText });
}

export function askJobChange(model: Model, token: number, at: number, counted: CountedJobs): Step {
  const { action, matched, byStatus, command } = counted;
  const cancel: Effect = { t: 'drop', token };
  const refused = tooMany(model, matched);
  if (matched === 0 || refused !== undefined) {
    return doing(flash({ ...model, dialog: null }, 'wait', refused ?? 'no job fits any more'), cancel);
  }
  const statuses = Object.entries(byStatus).map(([status, count]) => `${num(count)} ${status}`);
  const dialog: AskDialog = {
    kind: 'ask',
    title: `${titleOf(action)} ${jobs(matched)}`,
    lines: [says(statuses.join(', ')), ...meaningOf(action).map((text) => says(text, 'faint'))],
    details: [],
    showsDetails: false,
    verb: `${action} ${num(matched)}`,
    refusal: action === 'cancel' ? 'leave them' : 'cancel',
    expect: null,
    typed: '',
    command,
    confirm: { t: 'change-jobs', token },
    request: null,
    cancel,
    openedAt: at,
    expiresAt: at + PLAN_VALID_MS,
  };
  return stay(openDialog(model, dialog));
}

function makePlan(model: Model, request: PlanRequest): Step {
  const command = commandLine(model, planWords(request));
  const [planning, token] = takeToken(model);
  const waiting = openDialog(planning, {
    kind: 'wait',
    title: `${titleOf(request.action)}: making a plan`,
    text: 'looking at the dead letters that are meant; nothing is touched',
    token,
    command,
    cancel: { t: 'drop', token },
    request,
  });
  return doing(waiting, { t: 'plan', token, request, command });
}

export function askPlan(model: Model, token: number, at: number, plan: PlannedOperation): Step {
  const cancel: Effect = { t: 'drop', token };
  const refused = tooMany(model, plan.matched);
  if (plan.matched === 0 || refused !== undefined) {
    return doing(flash({ ...model, dialog: null }, 'wait', refused ?? 'no dead letter fits any more'), cancel);
  }
  const isPurge = plan.action === 'purge';
  const request = model.dialog?.kind === 'wait' ? model.dialog.request : null;
  const dialog: AskDialog = {
    kind: 'ask',
    title: `${titleOf(plan.action)} ${letters(plan.matched)}: plan ${plan.operation}`,
    lines: [...plan.lines, ...(isPurge ? [says(`copies stay in the trash for ${model.session.trashDays} days`, 'faint')] : []), ...howLines(request, plan.acting)],
    details: plan.details,
    showsDetails: false,
    verb: isPurge ? `purge ${num(plan.matched)}` : `${VERBS[plan.action]} ${num(plan.acting)}`,
    refusal: 'cancel',
    expect: isPurge ? typedWords(model, plan) : null,
    typed: '',
    command: plan.command,
    confirm: { t: 'apply', token },
    request,
    cancel,
    openedAt: at,
    expiresAt: at + PLAN_VALID_MS,
  };
  return stay(openDialog(model, dialog));
}

/** Of a replay: to which queue, how fast, and how long there is to say so. */
function howLines(request: PlanRequest | null, acting: number): readonly DialogLine[] {
  if (request?.action !== 'replay') return [];
  const { ratePerSecond, toQueue } = request;
  const speed = ratePerSecond === null ? 'as fast as it goes' : `${ratePerSecond} a second, about ${took((acting / ratePerSecond) * 1000)}`;
  return [says(`${speed}, to ${toQueue ?? 'where they came from'}; the plan is good for ${ago(PLAN_VALID_MS)}`, 'faint')];
}

function askPlainly(model: Model, question: PlainQuestion, at: number, reasonText: string | null): Step {
  const { change, words } = question;
  const audit: AuditNote = { what: words, reasonText };
  const dialog: AskDialog = {
    kind: 'ask',
    title: question.title,
    lines: question.lines.map((text) => says(text)),
    details: [],
    showsDetails: false,
    verb: question.verb,
    refusal: 'cancel',
    expect: null,
    typed: '',
    command: commandLine(model, `${words}${reasonWords(reasonText)}`),
    confirm: change.t === 'submit' ? change : { ...change, audit },
    request: null,
    cancel: null,
    openedAt: at,
    expiresAt: null,
  };
  return stay(openDialog(model, dialog));
}

/** `dlq replay --queue …`: the words behind `copiloteval`. */
export function planWords(request: PlanRequest): string {
  if (request.action === 'restore') return `dlq restore ${request.operation}${reasonWords(request.reasonText)}`;
  if (request.action === 'resume') return `dlq ${request.of} --resume ${request.operation}`;
  return `dlq ${request.action} ${letterWords(request)}${howWords(request)}${reasonWords(request.reasonText)}`;
}

function howWords({ toQueue, ratePerSecond, edits }: Pick<Extract<PlanRequest, { readonly action: 'replay' | 'purge' }>, 'toQueue' | 'ratePerSecond' | 'edits'>): string {
  const sets = edits.map((edit) => ` --set ${shellWord(printAssignment(edit))}`).join('');
  return `${toQueue === null ? '' : ` --to ${shellWord(toQueue)}`}${ratePerSecond === null ? '' : ` --rate ${ratePerSecond}/s`}${sets}`;
}

/** The options that choose these letters. */
export function letterWords({ queues, target, where }: { queues: readonly string[]; target: LetterTarget; where: string }): string {
  const place = queues.length === 1 ? `--queue ${shellWord(queues[0] ?? '')}` : '--all-queues';
  const filter = where === '' ? '' : ` --where ${shellWord(where)}`;
  if (target.kind === 'letters') return `${place} --sequence ${target.letters.map(({ sequenceNumber }) => sequenceNumber).join(',')}`;
  if (target.kind === 'group') return `${place} --group ${target.name}${filter}`;
  return filter === '' ? `${place} --all` : `${place}${filter}`;
}

function reasonWords(reasonText: string | null): string {
  return reasonText === null ? '' : ` --reason-text ${shellWord(reasonText)}`;
}

/** In production the queue is typed too, so that nobody purges the right number in the wrong place. */
function typedWords({ session }: Model, plan: PlannedOperation): string {
  return session.production ? `${plan.queues.join(',')} ${plan.matched}` : `purge ${plan.matched}`;
}

function tooMany({ session }: Model, matched: number): string | undefined {
  if (session.maxAffected === null || matched <= session.maxAffected) return undefined;
  return `refused: ${num(matched)} are meant, and this profile allows ${num(session.maxAffected)} at once (maxAffected)`;
}

const VERBS = { replay: 'send', purge: 'purge', restore: 'bring back' } as const;

function titleOf(action: JobAction | PlanRequest['action']): string {
  return action.charAt(0).toUpperCase() + action.slice(1);
}

function meaningOf(action: JobAction): readonly string[] {
  return action === 'cancel'
    ? ['Waiting jobs are cancelled at once; running ones are asked to stop.', 'Jobs that have ended stay as they are.']
    : ['Failed, DeadLettered and Cancelled jobs are queued again, with all their attempts.', 'Others stay as they are.'];
}

function jobs(count: number): string {
  return `${num(count)} ${count === 1 ? 'job' : 'jobs'}`;
}

function letters(count: number): string {
  return `${num(count)} dead ${count === 1 ? 'letter' : 'letters'}`;
}
