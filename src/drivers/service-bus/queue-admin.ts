// ServiceBusQueueAdmin: the QueueAdmin port on a namespace. Settings and counts come from its administration, ages from a
// peek, the pause flags from the store beside it.

import { AppError, hasCode } from '../../domain/errors.js';
import type { Clock } from '../../ports/clock.js';
import type { QueueAdmin, QueueInfo, QueuePlan, QueueSettings, QueueStatus } from '../../ports/queue-admin.js';
import type { QueuePauses } from '../../ports/queue-pauses.js';
import { countByPeeking } from './count-by-peeking.js';
import { ATOM_BUDGET, type CountBudget, CountedQueues } from './counted-queues.js';
import { oldestDueAt } from './oldest-waiting.js';
import type { PeekMessages } from './peek-messages.js';
import type { BrokerQueue, CallOptions, QueueAdministration } from './queue-administration.js';
import { brokerSettings, checkSettings, planQueue, queueSettings } from './queue-plan.js';
import { serviceBusError } from './service-bus-errors.js';
import { withRetry } from './with-retry.js';
import { withinTime } from '../azure-access/within-time.js';

export interface QueueAdminParts {
  readonly administration: QueueAdministration;
  /** What is known of queues without asking; with a key that may not manage, these are the ones listed. */
  readonly registry: readonly QueueSettings[];
  readonly pauses: QueuePauses;
  readonly peek: PeekMessages;
  readonly clock: Clock;
  readonly random: () => number;
  readonly budget?: CountBudget;
}

/** A change is worth more patience than a look. */
const CHANGE = { callMs: 10_000, budgetMs: 15_000 };
const PEEK_MS = 4_000;
/** A look by peeking reads bodies: it is not for every tick of a display. */
const SEEN_MS = 5_000;
/** Each opens a link of its own; a namespace can have thousands of queues. */
const PEEKS_AT_ONCE = 8;
/** Shown for a queue whose settings nobody may ask for. */
const SERVICE_DEFAULTS = { lockMs: 60_000, ttlMs: Number.MAX_SAFE_INTEGER, maxAttempts: 10 };
const MANAGE_HINT =
  'counts need the right Manage, or Listen to look into the queues; a wrong key and a signature that is over have neither: see what it may do with `copiloteval doctor`';

export class ServiceBusQueueAdmin implements QueueAdmin {
  readonly #parts: QueueAdminParts;
  readonly #counted: CountedQueues;
  readonly #seen = new Map<string, { readonly info: QueueInfo; readonly at: number }>();

  constructor(parts: QueueAdminParts) {
    this.#parts = parts;
    const { administration, clock, random, budget = ATOM_BUDGET } = parts;
    this.#counted = new CountedQueues({ administration, clock, random, budget });
  }

  /**
   * A key without Manage lists the queues of the registry, or those of these names, that it can look into, with `partial`:
   * at most so many are counted by peeking. Throws SB_UNAUTHORIZED when it can look into none (a key that may only send, or a wrong one).
   */
  async list(names?: readonly string[]): Promise<QueueInfo[]> {
    if (names?.length === 0) return [];
    const wanted = names === undefined ? undefined : new Set(names.map((name) => name.toLowerCase()));
    const isWanted = ({ name }: { readonly name: string }): boolean => wanted === undefined || wanted.has(name.toLowerCase());
    try {
      const { queues, countedAt } = await this.#counted.read();
      return await this.#infos(queues.filter(isWanted).map((queue) => infoOf(queue, countedAt)));
    } catch (error) {
      if (!hasCode(error, 'SB_UNAUTHORIZED')) throw error;
      return await this.#infos(await this.#listByPeeking(error, this.#settingsOf(names)));
    }
  }

  async create(settings: QueueSettings): Promise<'created' | 'changed' | 'unchanged'> {
    checkSettings(settings);
    const { name } = settings;
    const made = await this.#change(name, 'create the queue', async (options) => {
      const { outcome, update } = planQueue(settings, await this.#parts.administration.get(name, options));
      if (outcome === 'unchanged') return outcome;
      if (outcome === 'created') {
        // A try that was cut off may have made it: then it is there with these settings, and the next look finds nothing to do.
        if ((await this.#parts.administration.create(name, brokerSettings(settings), options)) === 'created') return outcome;
        return await this.#settleRace(settings, options);
      }
      await this.#parts.administration.update(name, update, options);
      return outcome;
    });
    this.#counted.forget();
    return made;
  }

  async plan(settings: QueueSettings): Promise<QueuePlan> {
    checkSettings(settings);
    const existing = await this.#change(settings.name, 'look at the queue', (options) => this.#parts.administration.get(settings.name, options));
    const { outcome, changes, warnings } = planQueue(settings, existing);
    return { outcome, changes, warnings };
  }

  /** The next look asks anew. */
  forgetCounts(): void {
    this.#counted.forget();
    this.#seen.clear();
  }

  async pause(name: string, by: string): Promise<void> {
    await this.#requireQueue(name);
    await this.#parts.pauses.pause(name, by);
  }

  async resume(name: string): Promise<void> {
    await this.#requireQueue(name);
    await this.#parts.pauses.resume(name);
  }

  async setStatus(name: string, status: QueueStatus): Promise<void> {
    const done = await this.#change(name, 'set the status of the queue', (options) => this.#parts.administration.update(name, { status }, options));
    this.#counted.forget();
    if (done === undefined) throw unknownQueue(name);
  }

  async #settleRace(settings: QueueSettings, options: CallOptions): Promise<'changed' | 'unchanged'> {
    const { administration } = this.#parts;
    const { outcome, update } = planQueue(settings, await administration.get(settings.name, options));
    if (outcome === 'unchanged') return outcome;
    await administration.update(settings.name, update, options);
    return 'changed';
  }

  /** A key that may not manage can still pause what the registry knows: the flag is ours. */
  async #requireQueue(name: string): Promise<void> {
    try {
      const { queues } = await this.#counted.read();
      if (queues.some((queue) => queue.name.toLowerCase() === name.toLowerCase())) return;
      // The last look may be older than the queue.
      if ((await this.#change(name, 'look at the queue', (options) => this.#parts.administration.get(name, options))) !== undefined) return;
    } catch (error) {
      if (!hasCode(error, 'SB_UNAUTHORIZED')) throw error;
      if (this.#parts.registry.some((queue) => queue.name === name)) return;
    }
    throw unknownQueue(name);
  }

  /** `work` must be harmless when repeated: a try whose answer was lost is made again. */
  #change<T>(queue: string, operation: string, work: (options: CallOptions) => Promise<T>): Promise<T> {
    const { clock, random } = this.#parts;
    const call = (): Promise<T> => withinTime({ clock, limitMs: CHANGE.callMs, operation }, (signal) => work({ signal }));
    return withRetry(call, { queue, operation, clock, random, budgetMs: CHANGE.budgetMs });
  }

  #settingsOf(names: readonly string[] | undefined): readonly QueueSettings[] {
    const { registry } = this.#parts;
    if (names === undefined) return registry;
    const known = (wanted: string): QueueSettings | undefined => registry.find(({ name }) => name.toLowerCase() === wanted.toLowerCase());
    return [...new Set(names)].map((name) => known(name) ?? { name, ...SERVICE_DEFAULTS });
  }

  async #listByPeeking(refused: AppError, queues: readonly QueueSettings[]): Promise<readonly QueueInfo[]> {
    const looked = await inGroups(queues, PEEKS_AT_ONCE, (settings) => this.#lookInto(settings));
    const infos = looked.filter((one): one is QueueInfo => !(one instanceof AppError));
    const hindered = looked.find((one) => one instanceof AppError && !hasCode(one, 'QUEUE_UNKNOWN'));
    if (infos.length === 0 && hindered !== undefined) throw countless(refused, hindered);
    return infos.sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  async #lookInto(settings: QueueSettings): Promise<QueueInfo | AppError> {
    const { clock, peek } = this.#parts;
    const [at, countedAt] = [clock.monotonic(), clock.now()];
    const last = this.#seen.get(settings.name);
    if (last !== undefined && at - last.at < SEEN_MS) return last.info;
    const seen = await this.#peekInTime(settings.name, () => countByPeeking(settings.name, peek));
    if (seen instanceof AppError) return seen;
    const partial = `the key has no right to manage${seen.isWhole ? ': counted by looking' : ': counted as far as was looked'}`;
    const info = { ...settings, pausedAt: null, pausedBy: null, counts: { ...seen.counts, locked: 0 }, oldestDueAt: null, countedAt, partial };
    this.#seen.set(settings.name, { info, at });
    return info;
  }

  async #infos(queues: readonly QueueInfo[]): Promise<QueueInfo[]> {
    const pauses = await this.#parts.pauses.list();
    return inGroups(queues, PEEKS_AT_ONCE, async (info) => {
      const pause = pauses.get(info.name);
      const oldest = info.counts.active === 0 ? null : await this.#peekInTime(info.name, () => oldestDueAt(info.name, this.#parts.peek));
      // The age is extra: a key that may manage and not receive has none.
      return { ...info, pausedAt: pause?.at ?? null, pausedBy: pause?.by ?? null, oldestDueAt: oldest instanceof AppError ? null : oldest };
    });
  }

  async #peekInTime<T>(queue: string, look: () => Promise<T>): Promise<T | AppError> {
    const operation = 'look into the queue';
    try {
      return await withinTime({ clock: this.#parts.clock, limitMs: PEEK_MS, operation }, look);
    } catch (error) {
      return serviceBusError(error, { queue, operation });
    }
  }
}

function infoOf(queue: BrokerQueue, countedAt: number): QueueInfo {
  const { counts, status } = queue;
  return { ...queueSettings(queue), status, pausedAt: null, pausedBy: null, counts: { ...counts, locked: 0 }, oldestDueAt: null, countedAt };
}

/** Where the administration was not even asked, only the look can say what is wrong. */
function countless(refused: AppError, hindered: AppError): AppError {
  const { code, message } = refused.details?.['asked'] === false ? hindered : refused;
  return new AppError(code, message, { hint: MANAGE_HINT, cause: refused });
}

function unknownQueue(name: string): AppError {
  return new AppError('QUEUE_UNKNOWN', `no queue is named ${JSON.stringify(name)}`, { hint: 'see the queues with `copiloteval queues list`' });
}

async function inGroups<T, R>(items: readonly T[], size: number, work: (item: T) => Promise<R>): Promise<R[]> {
  const results: R[] = [];
  for (let start = 0; start < items.length; start += size) results.push(...(await Promise.all(items.slice(start, start + size).map(work))));
  return results;
}
