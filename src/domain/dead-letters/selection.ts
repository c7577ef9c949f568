// Which dead letters a command means. Everything that was given must hold; of several values of one kind, one.

import { printDuration } from '../duration.js';
import { findJobType } from '../queue-registry.js';
import { reasonFingerprint } from '../reason-fingerprint.js';
import { inSequenceRanges, printSequenceRanges, type SequenceRange } from '../sequence-ranges.js';
import { compilePattern } from '../where/glob.js';
import type { WhereExpression } from '../where/ast.js';
import { printWhere } from '../where/print.js';
import type { LetterFacts } from './letter-facts.js';
import type { LetterRecord } from './letter-record.js';

export interface LetterSelection {
  /** Empty: any number. */
  readonly sequences: readonly SequenceRange[];
  readonly jobIds: readonly string[];
  /** With * or ? the pattern covers the whole reason or description, without it is looked for inside them. */
  readonly reasons: readonly string[];
  /** Names or aliases. */
  readonly types: readonly string[];
  /** Milliseconds since the letter was dead-lettered. */
  readonly olderThanMs: number | null;
  /** Whole names of groups. */
  readonly groups: readonly string[];
  readonly where: WhereExpression | null;
}

export const EVERY_LETTER: LetterSelection = {
  sequences: [],
  jobIds: [],
  reasons: [],
  types: [],
  olderThanMs: null,
  groups: [],
  where: null,
};

/** True when the selection leaves nothing out. */
export function selectsEverything(selection: LetterSelection): boolean {
  const { sequences, jobIds, reasons, types, groups, olderThanMs, where } = selection;
  return [sequences, jobIds, reasons, types, groups].every((list) => list.length === 0) && olderThanMs === null && where === null;
}

/** Instant from which the age of a letter counts. A broker that does not tell when it moved a message tells when it took it. */
export function deadSince(letter: Pick<LetterRecord, 'deadLetteredAt' | 'enqueuedAt'>): number {
  return letter.deadLetteredAt ?? letter.enqueuedAt;
}

/** Tests everything but `where`, which may need the stored job: cheap things first, the body only when asked for. */
export function compileSelection(selection: LetterSelection, now: number): (letter: LetterRecord, facts: () => LetterFacts) => boolean {
  const jobIds = new Set(selection.jobIds);
  const groups = new Set(selection.groups);
  const types = new Set(selection.types.map((type) => findJobType(type)?.type ?? type));
  const patterns = selection.reasons.map(compilePattern);
  const { sequences, olderThanMs } = selection;
  return (letter, facts) => {
    if (sequences.length > 0 && !inSequenceRanges(sequences, letter.sequenceNumber)) return false;
    if (olderThanMs !== null && now - deadSince(letter) < olderThanMs) return false;
    if (patterns.length > 0 && !reasonTexts(letter).some((text) => patterns.some((matches) => matches(text)))) return false;
    if (groups.size > 0 && !groups.has(reasonFingerprint(letter).name)) return false;
    if (jobIds.size > 0 && !jobIds.has(facts().jobId ?? '')) return false;
    return types.size === 0 || types.has(facts().type ?? '');
  };
}

/** The options that make this selection; for the journal and the hint of an error. */
export function printSelection(selection: LetterSelection): string {
  if (selectsEverything(selection)) return '--all';
  const { olderThanMs, where } = selection;
  return [
    ...(selection.sequences.length === 0 ? [] : [`--sequence ${printSequenceRanges(selection.sequences)}`]),
    ...selection.jobIds.map((jobId) => `--job ${jobId}`),
    ...selection.reasons.map((reason) => `--reason ${shellWord(reason)}`),
    ...selection.types.map((type) => `--type ${shellWord(type)}`),
    ...(olderThanMs === null ? [] : [`--older-than ${printDuration(olderThanMs)}`]),
    ...selection.groups.map((group) => `--group ${group}`),
    ...(where === null ? [] : [`--where ${shellWord(printWhere(where))}`]),
  ].join(' ');
}

/** The text as one word of a POSIX shell. */
export function shellWord(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}

function reasonTexts({ reason, description }: LetterRecord): readonly string[] {
  if (reason === null || description === null) return [reason ?? description ?? ''];
  return [reason, description, `${reason}: ${description}`];
}
