// Changing how a planned replay is done, before it is confirmed: to which queue, and how fast.

import type { PickDialog, PickItem } from '../dialogs.js';
import type { PlanRequest } from '../messages.js';
import type { Model } from '../model.js';

type Replay = Extract<PlanRequest, { readonly action: 'replay' | 'purge' }>;

const RATES = [null, 1, 5, 20, 50, 200] as const;

/** Undefined for what is no replay. */
export function pickTarget(model: Model, request: PlanRequest): PickDialog | undefined {
  if (request.action !== 'replay') return undefined;
  const queues = (model.slices.overview.data?.stats.queues ?? []).map(({ name }) => name);
  return pickPlan('Replay to', request, [null, ...queues].map((toQueue) => ({ request: { ...request, toQueue }, label: toQueue ?? 'where they came from' })));
}

/** Undefined for what is no replay. */
export function pickRate(request: PlanRequest): PickDialog | undefined {
  if (request.action !== 'replay') return undefined;
  return pickPlan('Replay how fast', request, RATES.map((ratePerSecond) => ({ request: { ...request, ratePerSecond }, label: ratePerSecond === null ? 'as fast as it goes' : `${ratePerSecond} a second` })));
}

/** Each choice is the request of another plan; none is the request as it was. */
function pickPlan(title: string, request: Replay, choices: readonly { readonly request: Replay; readonly label: string }[]): PickDialog {
  const items = choices.map(({ request: wanted, label }): PickItem => ({ label, detail: isSame(wanted, request) ? 'planned now' : '', choice: { kind: 'plan', request: wanted } }));
  return { kind: 'pick', title, items, index: Math.max(0, choices.findIndex((choice) => isSame(choice.request, request))), otherwise: { kind: 'plan', request } };
}

function isSame(a: Replay, b: Replay): boolean {
  return a.toQueue === b.toQueue && a.ratePerSecond === b.ratePerSecond;
}
