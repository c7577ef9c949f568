// The queues and job types the product knows, with their defaults. Configuration overrides single numbers;
// `queues create`, Bicep parameters and the emulator are made from this table.

const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;

export interface QueueDefinition {
  readonly name: string;
  /** First try and retries together. */
  readonly maxAttempts: number;
  readonly lockMs: number;
  /** From the moment a message is due; what expires is dead-lettered, never dropped. */
  readonly ttlMs: number;
  /** The longest one attempt may run; its lock is renewed until then. */
  readonly handlerTimeoutMs: number;
}

export interface JobTypeDefinition {
  readonly type: string;
  readonly aliases: readonly string[];
  readonly queue: string;
  /** One line for `--help`, completion and `submit` without arguments. */
  readonly summary: string;
}

export const DEFAULT_QUEUE = 'evaluation-jobs';

export const QUEUES: readonly QueueDefinition[] = [
  { name: DEFAULT_QUEUE, maxAttempts: 3, lockMs: 5 * MINUTE, ttlMs: 14 * DAY, handlerTimeoutMs: 60 * MINUTE },
];

export const JOB_TYPES: readonly JobTypeDefinition[] = [
  {
    type: 'evaluation',
    aliases: ['bulk_evaluation', 'single_evaluation'],
    queue: DEFAULT_QUEUE,
    summary: 'score the answers of a dataset and hold them against gates',
  },
  { type: 'batch', aliases: ['batch_processing'], queue: DEFAULT_QUEUE, summary: 'run a file of jobs as children and end when they do' },
  { type: 'http', aliases: [], queue: DEFAULT_QUEUE, summary: 'send one HTTP request and keep the answer' },
  { type: 'command', aliases: [], queue: DEFAULT_QUEUE, summary: 'run a program with the job on its standard input' },
  { type: 'echo', aliases: [], queue: DEFAULT_QUEUE, summary: 'return the payload (drills and tests)' },
  { type: 'sleep', aliases: [], queue: DEFAULT_QUEUE, summary: 'wait {ms} and end (drills and tests)' },
  { type: 'fail', aliases: [], queue: DEFAULT_QUEUE, summary: 'fail in the chosen {mode} (drills and tests)' },
];

/** The definition under its name or an alias, or undefined. */
export function findJobType(nameOrAlias: string): JobTypeDefinition | undefined {
  return JOB_TYPES.find((entry) => entry.type === nameOrAlias || entry.aliases.includes(nameOrAlias));
}

export function findQueue(name: string): QueueDefinition | undefined {
  return QUEUES.find((queue) => queue.name === name);
}
