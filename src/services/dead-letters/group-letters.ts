// Dead letters by why they are there: one line for each kind of failure, the most frequent first.

import { deadSince, EVERY_LETTER } from '../../domain/dead-letters/selection.js';
import { AppError } from '../../domain/errors.js';
import { isGroupNamed, reasonFingerprint } from '../../domain/reason-fingerprint.js';
import type { DeadLetter } from '../../ports/dead-letter-queue.js';
import type { LetterReadPorts } from './operation-ports.js';
import { walkLetters, type FoundLetter, type LetterWalk } from './walk-letters.js';

export interface LetterGroup {
  /** `--group` takes it. */
  readonly name: string;
  /** Reason and description with everything that varies replaced. */
  readonly reason: string;
  readonly count: number;
  readonly firstSeenAt: number;
  readonly lastSeenAt: number;
  /** By name; letters that are no job have none. */
  readonly types: readonly string[];
  readonly queues: readonly string[];
  /** The newest letter of the group. */
  readonly example: LetterExample;
}

export type LetterExample = Pick<DeadLetter, 'queue' | 'sequenceNumber' | 'messageId' | 'reason' | 'description'> & {
  readonly jobId: string | null;
};

/** Memory grows with the number of groups, not of letters. */
export async function groupLetters(ports: LetterReadPorts, walk: LetterWalk): Promise<readonly LetterGroup[]> {
  const groups = new Map<string, GroupBuilder>();
  for await (const page of walkLetters(ports, walk)) {
    for (const found of page) {
      const { name, pattern } = reasonFingerprint(found.letter);
      let group = groups.get(name);
      if (group === undefined) groups.set(name, (group = new GroupBuilder(name, pattern, found)));
      group.add(found);
    }
  }
  return [...groups.values()].map((group) => group.finish()).sort((a, b) => b.count - a.count || b.lastSeenAt - a.lastSeenAt);
}

const WHOLE_NAME_LENGTH = 7;

/**
 * Whole names for what was typed after --group; the beginning of a name is enough when one group has it. Looks through
 * the queues only when a name is not whole. INPUT_INVALID for one that fits no group or several.
 */
export async function resolveGroups(ports: LetterReadPorts, queues: readonly string[], typed: readonly string[]): Promise<readonly string[]> {
  const upper = typed.map((name) => name.trim().toUpperCase());
  if (upper.every((name) => name.length === WHOLE_NAME_LENGTH)) return upper;
  const groups = await groupLetters(ports, { queues, selection: EVERY_LETTER });
  return upper.map((name) => resolveGroup(name, groups));
}

function resolveGroup(typed: string, groups: readonly LetterGroup[]): string {
  const fitting = groups.filter(({ name }) => isGroupNamed(typed, name));
  const [only] = fitting;
  if (only !== undefined && fitting.length === 1) return only.name;
  if (only === undefined) {
    throw new AppError('INPUT_INVALID', `no group of dead letters is named ${typed}`, { hint: 'see the groups with `copiloteval dlq groups`' });
  }
  throw new AppError('INPUT_INVALID', `${fitting.length} groups have names that begin with ${typed}`, {
    hint: `give one whole name: ${fitting
      .slice(0, 3)
      .map(({ name }) => name)
      .join(', ')}`,
    details: { candidates: fitting.map(({ name }) => name) },
  });
}

class GroupBuilder {
  #count = 0;
  #firstSeenAt = Infinity;
  #lastSeenAt = -Infinity;
  #newest: FoundLetter;
  readonly #types = new Set<string>();
  readonly #queues = new Set<string>();

  constructor(
    private readonly name: string,
    private readonly pattern: string,
    first: FoundLetter,
  ) {
    this.#newest = withoutBody(first);
  }

  add(found: FoundLetter): void {
    const at = deadSince(found.letter);
    this.#count += 1;
    this.#firstSeenAt = Math.min(this.#firstSeenAt, at);
    if (at >= this.#lastSeenAt) {
      this.#lastSeenAt = at;
      this.#newest = withoutBody(found);
    }
    if (found.facts.type !== null) this.#types.add(found.facts.type);
    this.#queues.add(found.letter.queue);
  }

  finish(): LetterGroup {
    const { letter, facts } = this.#newest;
    return {
      name: this.name,
      reason: this.pattern,
      count: this.#count,
      firstSeenAt: this.#firstSeenAt,
      lastSeenAt: this.#lastSeenAt,
      types: [...this.#types].sort(),
      queues: [...this.#queues].sort(),
      example: {
        queue: letter.queue,
        sequenceNumber: letter.sequenceNumber,
        messageId: letter.messageId,
        jobId: facts.jobId,
        reason: letter.reason,
        description: letter.description,
      },
    };
  }
}

const NO_BYTES = new Uint8Array();

function withoutBody({ letter, facts }: FoundLetter): FoundLetter {
  return { letter: { ...letter, body: NO_BYTES }, facts: { ...facts, payload: undefined } };
}
