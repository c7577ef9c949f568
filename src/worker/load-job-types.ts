// Puts the job types together: those of the registry, those of the configuration and those of handler modules. The same
// table answers `submit` (JobTypes) and makes the worker's HandlerRegistry, so both know the same types.

import { AppError } from '../domain/errors.js';
import type { Json } from '../domain/json.js';
import { nearest } from '../domain/nearest.js';
import { findJobType, JOB_TYPES, type QueueDefinition } from '../domain/queue-registry.js';
import type { JobType, JobTypes } from '../services/job-types.js';
import { type AnyHandler, HandlerRegistry, type HandlerSource } from './handler-registry.js';
import { builtinHandlers, type BuiltinSettings, checkBuiltinPayload } from './handlers/builtin-handlers.js';

export interface JobTypeSettings extends BuiltinSettings {
  /** With their settings in force; those of `types` and the default queue are among them. */
  readonly queues: readonly QueueDefinition[];
  /** For types that name no queue. */
  readonly defaultQueue: string;
  /** The configuration's `types`: programs. */
  readonly types: Readonly<Record<string, ProgramSettings>>;
  /** Paths of handler modules. */
  readonly handlers: readonly string[];
}

export interface ProgramSettings {
  readonly command: readonly string[];
  readonly queue?: string | undefined;
  readonly timeoutSeconds?: number | undefined;
  readonly description?: string | undefined;
}

export interface LoadedJobTypes extends JobTypes {
  /** The code for these types, and for those of further modules (`worker start --handlers`). Throws HANDLER_INVALID. */
  handlerRegistry(moreModules?: readonly string[]): Promise<HandlerRegistry>;
}

/** Cheap: handler modules are imported only when a type is asked for that is neither built in nor configured. */
export function loadJobTypes(settings: JobTypeSettings): LoadedJobTypes {
  return new JobTypeTable(settings);
}

class JobTypeTable implements LoadedJobTypes {
  readonly #settings: JobTypeSettings;
  readonly #queues: Map<string, QueueDefinition>;
  readonly #modules = new Map<string, AnyHandler>();
  #modulesLoaded: Promise<void> | undefined;

  constructor(settings: JobTypeSettings) {
    this.#settings = settings;
    for (const type of Object.keys(settings.types)) {
      if (findJobType(type) !== undefined) throw new AppError('CONFIG_INVALID', `types.${type}: this type is built in`, { hint: 'choose another name' });
    }
    this.#queues = new Map(settings.queues.map((queue) => [queue.name, queue]));
  }

  async resolve(nameOrAlias: string): Promise<JobType> {
    const known = this.#builtin(nameOrAlias) ?? this.#program(nameOrAlias);
    if (known !== undefined) return known;
    await this.#loadModules();
    const own = this.#modules.get(nameOrAlias);
    if (own !== undefined) return this.#ofModule(own);
    throw this.#unknown(nameOrAlias);
  }

  async all(): Promise<readonly JobType[]> {
    await this.#loadModules();
    const names = [...JOB_TYPES.map(({ type }) => type), ...Object.keys(this.#settings.types), ...this.#modules.keys()];
    return Promise.all(names.map((name) => this.resolve(name)));
  }

  queue(name: string): QueueDefinition {
    const queue = this.#queues.get(name);
    if (queue !== undefined) return queue;
    const near = nearest(name, [...this.#queues.keys()]);
    throw new AppError('QUEUE_UNKNOWN', `no queue is named ${JSON.stringify(name)}`, {
      hint: near === undefined ? `known queues: ${[...this.#queues.keys()].join(', ')}` : `did you mean \`${near}\`?`,
    });
  }

  queues(): readonly QueueDefinition[] {
    return [...this.#queues.values()];
  }

  async handlerRegistry(moreModules: readonly string[] = []): Promise<HandlerRegistry> {
    await this.#loadModules(moreModules);
    const builtin = Object.entries(builtinHandlers).map(([type, load]): HandlerSource => ({ type, load: () => load(this.#settings) }));
    const programs = Object.keys(this.#settings.types).map((type): HandlerSource => ({ type, load: () => this.#loadProgram(type) }));
    const own = [...this.#modules.values()].map((handler): HandlerSource => ({ type: handler.type, load: () => Promise.resolve(handler) }));
    return new HandlerRegistry([...builtin, ...programs, ...own]);
  }

  #builtin(nameOrAlias: string): JobType | undefined {
    const found = findJobType(nameOrAlias);
    if (found === undefined) return undefined;
    const { type, queue, summary } = found;
    const checkPayload = (payload: Json): Promise<void> => checkBuiltinPayload(type, payload, this.#settings);
    const checkFile = type === 'batch' ? { checkFile: (content: AsyncIterable<Uint8Array>) => this.#checkBatchFile(content) } : {};
    return { type, queue, summary, handlerTimeoutMs: this.queue(queue).handlerTimeoutMs, checkPayload, ...checkFile };
  }

  async #checkBatchFile(content: AsyncIterable<Uint8Array>): Promise<void> {
    const { checkBatchFile } = await import('./handlers/batch/check-batch-file.js');
    await checkBatchFile(content, (type) => this.resolve(type));
  }

  #program(type: string): JobType | undefined {
    const found = Object.hasOwn(this.#settings.types, type) ? this.#settings.types[type] : undefined;
    if (found === undefined) return undefined;
    const queue = found.queue ?? this.#settings.defaultQueue;
    const handlerTimeoutMs = found.timeoutSeconds === undefined ? this.queue(queue).handlerTimeoutMs : found.timeoutSeconds * 1000;
    return { type, queue, handlerTimeoutMs, summary: found.description ?? `run ${found.command[0] ?? ''}`, checkPayload: () => Promise.resolve() };
  }

  #ofModule(handler: AnyHandler): JobType {
    const queue = handler.queue ?? this.#settings.defaultQueue;
    return {
      type: handler.type,
      queue,
      handlerTimeoutMs: handler.timeoutMs ?? this.queue(queue).handlerTimeoutMs,
      summary: 'defined by a handler module',
      checkPayload: (payload) => checkModulePayload(handler, payload),
    };
  }

  async #loadProgram(type: string): Promise<AnyHandler> {
    const found = this.#settings.types[type];
    const [file, ...args] = found?.command ?? [];
    if (found === undefined || file === undefined) throw new AppError('CONFIG_INVALID', `types.${type}.command: expected a program, got nothing`);
    const { createProgramHandler } = await import('./handlers/command.js');
    const timeout = found.timeoutSeconds === undefined ? {} : { timeoutMs: found.timeoutSeconds * 1000 };
    return createProgramHandler({ type, command: [file, ...args], cwd: this.#settings.cwd, ...timeout });
  }

  /** The configured modules once; `more` are added to them. */
  async #loadModules(more: readonly string[] = []): Promise<void> {
    this.#modulesLoaded ??= this.#addModules(this.#settings.handlers);
    await this.#modulesLoaded;
    await this.#addModules(more.filter((path) => !this.#settings.handlers.includes(path)));
  }

  async #addModules(paths: readonly string[]): Promise<void> {
    if (paths.length === 0) return;
    const { loadHandlerModules } = await import('./load-handler-modules.js');
    for (const handler of await loadHandlerModules(paths)) {
      if (Object.hasOwn(this.#settings.types, handler.type) || this.#modules.has(handler.type)) {
        throw new AppError('HANDLER_INVALID', `two handlers are named ${JSON.stringify(handler.type)}`, { hint: 'each job type has one handler: of a module or under `types`' });
      }
      this.#modules.set(handler.type, handler);
      if (handler.queue !== undefined) this.#addQueue(handler.queue);
    }
  }

  /** A queue that only a module names has the numbers of the default queue. */
  #addQueue(name: string): void {
    if (!this.#queues.has(name)) this.#queues.set(name, { ...this.queue(this.#settings.defaultQueue), name });
  }

  #unknown(name: string): AppError {
    const known = [...JOB_TYPES.flatMap(({ type, aliases }) => [type, ...aliases]), ...Object.keys(this.#settings.types), ...this.#modules.keys()];
    const near = nearest(name, known);
    return new AppError('TYPE_UNKNOWN', `no job type is named ${JSON.stringify(name)}`, {
      hint: near === undefined ? `known types: ${known.join(', ')}; add your own with \`handlers\` or \`types\` in the configuration` : `did you mean \`${near}\`?`,
    });
  }
}

async function checkModulePayload(handler: AnyHandler, payload: Json): Promise<void> {
  try {
    handler.parse?.(payload);
  } catch (error) {
    if (error instanceof AppError) throw error;
    throw new AppError('PAYLOAD_INVALID', `payload: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
  }
}
