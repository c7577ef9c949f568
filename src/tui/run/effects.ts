// Carries out effects. Each runs on its own; what comes of it is a message again. What was prepared and is not confirmed is
// given back, whatever way the dashboard ends. What does the work is read in when it is first asked for, so that looking
// does not wait for it.

import { waitAtMost } from '../../ports/wait-at-most.js';
import type { Effect, Outcome } from '../messages.js';
import { problemOf } from '../source/problem.js';
import type { PreparedJobs } from './job-changes.js';
import type { PreparedPlan } from './letter-operations.js';
import { tellError, type EffectPlace } from './place.js';

/** Effects that are about the terminal or the whole dashboard are the runtime's. */
export type WorkEffect = Exclude<Effect, { readonly t: 'quit' | 'bell' | 'stop' | 'copy' | 'switch-profile' }>;

interface Preparation {
  readonly stop: AbortController;
  jobs?: PreparedJobs;
  plan?: PreparedPlan;
  /** Set while it is being prepared or carried out. */
  work?: Promise<void>;
}

const LAST_STEPS_MS = 5_000;

export class Effects {
  readonly #place: EffectPlace;
  readonly #prepared = new Map<number, Preparation>();
  readonly #steps = new Set<Promise<void>>();

  /** Of one profile; another one has its own. */
  constructor(place: EffectPlace) {
    this.#place = place;
  }

  run(effect: WorkEffect): void {
    const place = this.#place;
    switch (effect.t) {
      case 'count-jobs':
        return this.#prepare(place, effect.token, async (preparation) => {
          const { countJobs } = await import('./job-changes.js');
          preparation.jobs = await countJobs(place, effect, preparation.stop.signal);
        });
      case 'plan':
        return this.#prepare(place, effect.token, async (preparation) => {
          const { makePlan } = await import('./letter-operations.js');
          preparation.plan = await makePlan(place, effect, preparation.stop.signal);
        });
      case 'change-jobs':
      case 'apply':
        return this.#carryOut(place, effect.token);
      case 'drop':
        return this.#drop(effect.token);
      case 'halt':
        return this.#prepared.get(effect.token)?.stop.abort();
      default:
        return this.#step(small(place, effect));
    }
  }

  /** Resolves when what is done in one step has been done. Another system that does not answer is not waited for for ever. */
  async settledSoon(): Promise<void> {
    await waitAtMost(this.#place.profile.ports.clock, LAST_STEPS_MS, Promise.all(this.#steps));
  }

  /** Stops what runs after what is at hand, gives back what waits, and resolves when that is done. */
  async close(): Promise<void> {
    const open = [...this.#prepared.keys()];
    for (const token of open) this.#prepared.get(token)?.stop.abort();
    // A plan that was being made when it was stopped has given itself back; one that waits is given back here.
    await Promise.all([...this.#prepared.values()].map(async ({ work }) => work));
    for (const token of open) this.#drop(token);
    await Promise.all([...this.#prepared.values()].map(async ({ work }) => work));
    // A step that is not waited for was begun, and its entry of the log says so.
    await this.settledSoon();
  }

  #step(work: Promise<void>): void {
    const step = work.finally(() => this.#steps.delete(step));
    this.#steps.add(step);
  }

  #prepare(place: EffectPlace, token: number, prepare: (preparation: Preparation) => Promise<void>): void {
    const preparation: Preparation = { stop: new AbortController() };
    this.#prepared.set(token, preparation);
    preparation.work = prepare(preparation)
      .catch((error: unknown) => {
        this.#prepared.delete(token);
        if (!preparation.stop.signal.aborted) place.send({ t: 'prepare-failed', token, at: place.profile.ports.clock.now(), problem: problemOf(error) });
      })
      .finally(() => {
        delete preparation.work;
      });
  }

  #carryOut(place: EffectPlace, token: number): void {
    const preparation = this.#prepared.get(token);
    if (preparation === undefined) return;
    const { jobs, plan } = preparation;
    preparation.work = outcomeOf(place, token, preparation)
      .then((done) => place.send({ t: 'done', token, at: place.profile.ports.clock.now(), outcome: done }))
      .catch((error: unknown) => {
        const { message, hint, code } = problemOf(error);
        const lines = [{ text: `${message} [${code}]`, tone: 'bad' as const }, ...(hint === null ? [] : [{ text: hint, tone: 'accent' as const }])];
        place.send({ t: 'done', token, at: place.profile.ports.clock.now(), outcome: { text: message, tone: 'bad', title: 'It was cut off', lines, command: (jobs ?? plan)?.command ?? null, complete: false } });
      })
      .finally(() => this.#prepared.delete(token));
  }

  #drop(token: number): void {
    const preparation = this.#prepared.get(token);
    if (preparation === undefined) return;
    preparation.stop.abort();
    if (preparation.work !== undefined) return;
    const done = preparation.plan === undefined ? Promise.resolve() : giveBack(preparation.plan);
    preparation.work = done.finally(() => this.#prepared.delete(token));
  }
}

async function outcomeOf(place: EffectPlace, token: number, { jobs, plan, stop }: Preparation): Promise<Outcome> {
  if (jobs !== undefined) return (await import('./job-changes.js')).changeJobs(place, token, jobs, stop.signal);
  if (plan !== undefined) return (await import('./letter-operations.js')).applyPlan(place, token, plan, stop.signal);
  throw new Error(`nothing was prepared under ${token}`);
}

async function giveBack(plan: PreparedPlan): Promise<void> {
  const { dropPlan } = await import('./letter-operations.js');
  await dropPlan(plan);
}

/** Reads in what works, so that the first change does not wait for it, and an upgrade of the program meanwhile does not matter. */
export async function readInWork(): Promise<void> {
  await import('./small-effects.js');
  await import('./job-changes.js');
  await import('./letter-operations.js');
}

type SmallEffect = Exclude<WorkEffect, { readonly t: 'count-jobs' | 'plan' | 'change-jobs' | 'apply' | 'drop' | 'halt' }>;

async function small(place: EffectPlace, effect: SmallEffect): Promise<void> {
  try {
    await runSmall(place, effect);
  } catch (error) {
    if (effect.t !== 'submit') return tellError(place, error);
    const { message, hint } = problemOf(error);
    place.send({ t: 'form-problem', at: place.profile.ports.clock.now(), text: hint === null ? message : `${message} (${hint})` });
  }
}

async function runSmall(place: EffectPlace, effect: SmallEffect): Promise<void> {
  const work = await import('./small-effects.js');
  switch (effect.t) {
    case 'drain-worker':
      return work.drainWorker(place, effect);
    case 'pause-queue':
    case 'resume-queue':
      return work.pauseQueue(place, effect);
    case 'submit':
      return work.submit(place, effect);
    case 'edit-payload':
      return work.editPayload(place, effect);
    case 'edit-letter':
      return work.editLetter(place, effect);
    case 'save-text':
      return work.saveText(place, effect);
    case 'save-letters':
      return work.saveLetters(place, effect);
    case 'save-filter':
      return work.changeFilters(place, effect);
    case 'save-columns':
      return place.shelf.changeColumns(effect.columns);
    case 'find-job':
      return work.findAndOpen(place, effect);
  }
}
