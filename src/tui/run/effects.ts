// Carries out effects. Each runs on its own; what comes of it is a message again. What was prepared and is not confirmed is
// given back, whatever way the dashboard ends.

import type { Effect } from '../messages.js';
import { problemOf } from '../source/problem.js';
import { changeJobs, countJobs, type PreparedJobs } from './job-changes.js';
import { applyPlan, dropPlan, makePlan, type PreparedPlan } from './letter-operations.js';
import { tellError, type EffectPlace } from './place.js';
import { drainWorker, editLetter, editPayload, findAndOpen, pauseQueue, saveLetters, saveText, submit } from './small-effects.js';

/** Effects that are about the terminal or the whole dashboard are the runtime's. */
export type WorkEffect = Exclude<Effect, { readonly t: 'quit' | 'bell' | 'stop' | 'copy' | 'switch-profile' }>;

interface Preparation {
  readonly stop: AbortController;
  jobs?: PreparedJobs;
  plan?: PreparedPlan;
  /** Set while it is being prepared or carried out. */
  work?: Promise<void>;
}

export class Effects {
  readonly #place: () => EffectPlace;
  readonly #prepared = new Map<number, Preparation>();

  constructor(place: () => EffectPlace) {
    this.#place = place;
  }

  run(effect: WorkEffect): void {
    const place = this.#place();
    switch (effect.t) {
      case 'count-jobs':
        return this.#prepare(place, effect.token, async (preparation) => {
          preparation.jobs = await countJobs(place, effect, preparation.stop.signal);
        });
      case 'plan':
        return this.#prepare(place, effect.token, async (preparation) => {
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
        void small(place, effect);
    }
  }

  /** Stops what runs after what is at hand, gives back what waits, and resolves when that is done. */
  async close(): Promise<void> {
    const open = [...this.#prepared.entries()];
    for (const [token, preparation] of open) {
      preparation.stop.abort();
      if (preparation.work === undefined) this.#drop(token);
    }
    await Promise.all(open.map(async ([, { work }]) => work));
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
    const { signal } = preparation.stop;
    const { jobs, plan } = preparation;
    const outcome = jobs !== undefined ? changeJobs(place, token, jobs, signal) : plan !== undefined ? applyPlan(place, token, plan, signal) : undefined;
    if (outcome === undefined) return;
    preparation.work = outcome
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
    this.#prepared.delete(token);
    if (preparation.plan !== undefined) void dropPlan(preparation.plan);
  }
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

function runSmall(place: EffectPlace, effect: SmallEffect): Promise<void> {
  switch (effect.t) {
    case 'drain-worker':
      return drainWorker(place, effect);
    case 'pause-queue':
    case 'resume-queue':
      return pauseQueue(place, effect);
    case 'submit':
      return submit(place, effect);
    case 'edit-payload':
      return editPayload(place, effect);
    case 'edit-letter':
      return editLetter(place, effect);
    case 'save-text':
      return saveText(place, effect);
    case 'save-letters':
      return saveLetters(place, effect);
    case 'find-job':
      return findAndOpen(place, effect);
  }
}
