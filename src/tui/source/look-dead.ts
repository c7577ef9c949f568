// Dead letters: groups, a page of messages, and one message. Letters are looked at again only when the counts moved.

import { deadSince, EVERY_LETTER, type LetterSelection } from '../../domain/dead-letters/selection.js';
import { parseWhere } from '../../domain/where/parser.js';
import { groupLetters } from '../../services/dead-letters/group-letters.js';
import { viewLetter, viewWholeLetter } from '../../services/dead-letters/letter-view.js';
import { peekLetters } from '../../services/dead-letters/peek-letters.js';
import { showLetter } from '../../services/dead-letters/show-letter.js';
import type { FoundLetter } from '../../services/dead-letters/walk-letters.js';
import type { GroupsData, LetterData, LetterRow, LettersData } from '../data.js';
import type { Interest } from '../interest.js';
import { LetterCache } from './letter-cache.js';
import { letterChanges } from './letter-changes.js';
import { prettyJson } from './look-job.js';
import type { DashboardPorts } from './ports.js';

interface Kept<T> {
  readonly question: string;
  readonly data: T;
}

const MAX_BODY_TEXT = 200_000;

export class DeadLooker {
  readonly #ports: DashboardPorts;
  readonly #cache = new LetterCache();
  #groups: Kept<GroupsData> | undefined;
  #letters: Kept<LettersData> | undefined;

  constructor(ports: DashboardPorts) {
    this.#ports = ports;
  }

  forget(): void {
    this.#groups = undefined;
    this.#letters = undefined;
  }

  async groups({ queue, filter }: Extract<Interest, { slice: 'groups' }>, signal: AbortSignal): Promise<GroupsData> {
    const { queues, counts, inQueues } = await this.#queues(queue);
    const question = JSON.stringify([queues, filter, counts]);
    if (this.#groups?.question === question) return this.#groups.data;
    let scanned = 0;
    const groups = await groupLetters(this.#ports, { queues, selection: selectionOf(filter, null), signal, onScanned: (count) => (scanned = count) });
    const rows = groups.map(({ name, reason, count, firstSeenAt, lastSeenAt, types, queues: of }) => ({ name, reason, count, firstSeenAt, lastSeenAt, types, queues: of }));
    const data: GroupsData = { groups: rows, scanned, inQueues, lookedAt: this.#ports.clock.now() };
    this.#groups = { question, data };
    return data;
  }

  async letters({ queue, filter, group, limit }: Extract<Interest, { slice: 'letters' }>, signal: AbortSignal): Promise<LettersData> {
    const { queues, counts } = await this.#queues(queue);
    const question = JSON.stringify([queues, filter, group, limit, counts]);
    if (this.#letters?.question === question) return this.#letters.data;
    const { letters, nextCursor } = await peekLetters(this.#ports, { queues, selection: selectionOf(filter, group), limit, signal });
    for (const found of letters) this.#cache.keep(found);
    const data: LettersData = { letters: letters.map(rowOf), more: nextCursor !== null, lookedAt: this.#ports.clock.now() };
    this.#letters = { question, data };
    return data;
  }

  /** MESSAGE_NOT_FOUND when it has left the queue. */
  async letter({ queue, sequenceNumber }: Extract<Interest, { slice: 'letter' }>, signal: AbortSignal): Promise<LetterData> {
    const kept = this.#cache.find(queue, sequenceNumber);
    const found: FoundLetter = kept ?? (await showLetter(this.#ports, { queues: [queue], which: sequenceNumber, signal }));
    this.#cache.keep(found);
    const job = found.facts.jobId === null ? undefined : await this.#ports.store.get(found.facts.jobId);
    const letter = viewWholeLetter(found);
    const text = typeof letter.body === 'string' && letter.bodyEncoding !== 'json' ? letter.body : prettyJson(letter.body);
    return {
      letter: { ...letter, body: null },
      body: text.length > MAX_BODY_TEXT ? `${text.slice(0, MAX_BODY_TEXT)}…` : text,
      changes: await letterChanges(this.#ports, found, job),
      job: job === undefined ? null : { jobId: job.jobId, status: job.status },
    };
  }

  async #queues(queue: string | null): Promise<{ queues: readonly string[]; counts: readonly number[]; inQueues: number }> {
    const infos = await this.#ports.admin.list(queue === null ? undefined : [queue]);
    const filled = infos.filter(({ counts }) => queue !== null || counts.deadLetter > 0).sort((a, b) => (a.name < b.name ? -1 : 1));
    const counts = filled.map(({ counts: { deadLetter } }) => deadLetter);
    return { queues: filled.map(({ name }) => name), counts, inQueues: counts.reduce((sum, count) => sum + count, 0) };
  }
}

function selectionOf(filter: string, group: string | null): LetterSelection {
  return { ...EVERY_LETTER, groups: group === null ? [] : [group], where: filter === '' ? null : parseWhere(filter) };
}

function rowOf(found: FoundLetter): LetterRow {
  const { body: _body, bodyEncoding: _encoding, ...view } = viewLetter(found);
  return { ...view, id: `${view.queue} ${view.sequenceNumber}`, deadSince: deadSince(found.letter) };
}
