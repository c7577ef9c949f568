// Looking at dead letters: pages, groups, one letter, exports. Nothing is changed by it.

import { describe, expect, test } from 'vitest';

import { parseLetterLine } from '../../../../src/domain/dead-letters/letter-record.js';
import { EVERY_LETTER, type LetterSelection } from '../../../../src/domain/dead-letters/selection.js';
import { parseSequenceRanges } from '../../../../src/domain/sequence-ranges.js';
import { parseWhere } from '../../../../src/domain/where/parser.js';
import { exportLetters, type ExportFormat } from '../../../../src/services/dead-letters/export-letters.js';
import { groupLetters, resolveGroups } from '../../../../src/services/dead-letters/group-letters.js';
import { viewLetter } from '../../../../src/services/dead-letters/letter-view.js';
import { peekLetters } from '../../../../src/services/dead-letters/peek-letters.js';
import { showLetter } from '../../../../src/services/dead-letters/show-letter.js';
import { walkLetters } from '../../../../src/services/dead-letters/walk-letters.js';
import { OTHER_QUEUE, QUEUE, withMethods, World } from './world.js';

const BOTH = [QUEUE, OTHER_QUEUE];

async function numbersOf(world: World, select: Partial<LetterSelection>, queues: readonly string[] = [QUEUE]): Promise<string[]> {
  const numbers: string[] = [];
  for await (const page of walkLetters(world.ports, { queues, selection: { ...EVERY_LETTER, ...select } })) {
    numbers.push(...page.map(({ letter }) => letter.sequenceNumber));
  }
  return numbers;
}

describe('walking', () => {
  test('selects by what the stored job says', async () => {
    const world = await World.open();
    await world.deadJob({ labels: { team: 'blue' }, payload: { n: 1 } });
    await world.deadJob({ labels: { team: 'red' }, payload: { n: 2 } });
    await world.deadMessage();
    const all = await numbersOf(world, {});
    expect(all).toHaveLength(3);
    expect(await numbersOf(world, { where: parseWhere('label.team = blue') })).toEqual([all[0]]);
    expect(await numbersOf(world, { where: parseWhere('payload.n > 1 and status = DeadLettered') })).toEqual([all[1]]);
    expect(await numbersOf(world, { where: parseWhere('status = null') })).toEqual([all[2]]);
  });

  test('reads a payload that is kept in a file when an expression asks for it, and takes a lost file for no payload', async () => {
    const world = await World.open();
    const payloadRef = await world.ports.blobs.put('payloads/a.json', '{"n":7}');
    await world.deadJob({ payload: null, payloadRef });
    expect(await numbersOf(world, { where: parseWhere('payload.n = 7') })).toHaveLength(1);
    await world.ports.blobs.delete('payloads/a.json');
    expect(await numbersOf(world, { where: parseWhere('payload.n = 7') })).toEqual([]);
    expect(await numbersOf(world, { where: parseWhere('payload.n = null') })).toHaveLength(1);
  });

  test('ends behind the last number that was asked for', async () => {
    const world = await World.open();
    await world.deadJobs(230);
    let peeks = 0;
    const peek: typeof world.ports.deadLetters.peek = (params) => {
      peeks += 1;
      return world.ports.deadLetters.peek(params);
    };
    const [first] = await world.letters();
    const found = [];
    const ports = { ...world.ports, deadLetters: withMethods(world.ports.deadLetters, { peek }) };
    for await (const page of walkLetters(ports, { queues: [QUEUE], selection: { ...EVERY_LETTER, sequences: parseSequenceRanges(first?.sequenceNumber ?? '') } })) found.push(...page);
    expect(found).toHaveLength(1);
    expect(peeks).toBe(1);
  });

  test('stops when the signal fires', async () => {
    const world = await World.open();
    await world.deadJob();
    const walk = walkLetters(world.ports, { queues: [QUEUE], selection: EVERY_LETTER, signal: AbortSignal.abort(new Error('stopped')) });
    await expect(walk.next()).rejects.toThrow('stopped');
  });
});

describe('peeking', () => {
  test('pages go through all queues without repeating or leaving out a letter, whatever is selected', async () => {
    const world = await World.open();
    for (let index = 0; index < 130; index += 1) await world.deadJob({ type: index % 3 === 0 ? 'sleep' : 'echo' });
    for (let index = 0; index < 7; index += 1) await world.deadJob({ type: 'sleep', queue: OTHER_QUEUE });
    for (const types of [[], ['sleep']]) {
      const selection = { ...EVERY_LETTER, types };
      const expected = await numbersOf(world, { types }, BOTH);
      for (const limit of [1, 7, 50, 1000]) {
        const seen: string[] = [];
        let cursor: string | null = null;
        do {
          const page: Awaited<ReturnType<typeof peekLetters>> = await peekLetters(world.ports, { queues: BOTH, selection, limit, ...(cursor === null ? {} : { cursor }) });
          expect(page.letters.length).toBeLessThanOrEqual(limit);
          seen.push(...page.letters.map(({ letter }) => letter.sequenceNumber));
          cursor = page.nextCursor;
        } while (cursor !== null);
        expect(seen).toEqual(expected);
      }
    }
  });

  test('goes on after its letters were taken away', async () => {
    const world = await World.open();
    await world.deadJobs(6);
    const numbers = await numbersOf(world, {});
    const first = await peekLetters(world.ports, { queues: [QUEUE], selection: EVERY_LETTER, limit: 3 });
    await world.run(world.request('purge', { select: { sequences: parseSequenceRanges(`${numbers[1]}-${numbers[3]}`) } }));
    const second = await peekLetters(world.ports, { queues: [QUEUE], selection: EVERY_LETTER, limit: 3, cursor: first.nextCursor ?? '' });
    expect(second.letters.map(({ letter }) => letter.sequenceNumber)).toEqual([numbers[4], numbers[5]]);
  });

  test.each(['x', '', Buffer.from('["nowhere",null,"1"]').toString('base64url'), Buffer.from(`["${QUEUE}",null,"a"]`).toString('base64url'), Buffer.from('7').toString('base64url')])(
    'refuses the cursor %j',
    async (cursor) => {
      const world = await World.open();
      await expect(peekLetters(world.ports, { queues: [QUEUE], selection: EVERY_LETTER, limit: 3, cursor })).rejects.toMatchObject({ code: 'INPUT_INVALID' });
    },
  );

  test('shows a letter of any kind', async () => {
    const world = await World.open();
    const job = await world.deadJob({ payload: { text: 'hi' } });
    await world.deadMessage({ body: 'plain' });
    await world.deadMessage({ body: new Uint8Array([255, 0]) });
    const { letters } = await peekLetters(world.ports, { queues: [QUEUE], selection: EVERY_LETTER, limit: 10 });
    const [ours, text, bytes] = letters.map(viewLetter);
    expect(ours).toMatchObject({ queue: QUEUE, jobId: job.jobId, type: 'echo', reason: 'ATTEMPTS_EXHAUSTED', bodyEncoding: 'json', replayCount: 0, deadLetteredAt: '2026-08-01T12:00:00.000Z' });
    expect(text).toMatchObject({ jobId: null, type: null, bodyEncoding: 'text', body: 'plain', bytes: 5 });
    expect(bytes).toMatchObject({ bodyEncoding: 'base64', body: '/wA=', bytes: 2 });
  });
});

describe('groups', () => {
  test('put letters together whose reasons differ in ids and numbers only', async () => {
    const world = await World.open();
    await world.deadJob({}, 'connect ECONNREFUSED 10.0.0.1:80');
    world.clock.advance(60_000);
    await world.deadJob({ type: 'sleep' }, 'connect ECONNREFUSED 10.0.0.99:8080');
    await world.deadJob({ queue: OTHER_QUEUE }, 'no space left');
    const groups = await groupLetters(world.ports, { queues: BOTH, selection: EVERY_LETTER });
    expect(groups).toHaveLength(2);
    expect(groups[0]).toMatchObject({ count: 2, types: ['echo', 'sleep'], queues: [QUEUE], example: { description: 'connect ECONNREFUSED 10.0.0.99:8080' } });
    expect(groups[0]?.name).toMatch(/^G[0-9A-Z]{6}$/);
    expect((groups[0]?.lastSeenAt ?? 0) - (groups[0]?.firstSeenAt ?? 0)).toBe(60_000);
  });

  test('can be named by the beginning of their name', async () => {
    const world = await World.open();
    await world.deadJob({}, 'connect ECONNREFUSED 10.0.0.1:80');
    await world.deadJob({}, 'no space left');
    const names = (await groupLetters(world.ports, { queues: [QUEUE], selection: EVERY_LETTER })).map(({ name }) => name);
    const [first = '', second = ''] = names;
    const unique = Array.from({ length: 7 }, (_, index) => first.slice(0, index + 1)).find((start) => !second.startsWith(start)) ?? first;
    expect(await resolveGroups(world.ports, [QUEUE], [unique.toLowerCase()])).toEqual([first]);
    await expect(resolveGroups(world.ports, [QUEUE], ['G'])).rejects.toMatchObject({ code: 'INPUT_INVALID', details: { candidates: expect.arrayContaining(names) as string[] } });
    await expect(resolveGroups(world.ports, [QUEUE], ['nope'])).rejects.toMatchObject({ code: 'INPUT_INVALID' });
    expect(await resolveGroups(world.ports, [QUEUE], ['gzzzzzz'])).toEqual(['GZZZZZZ']);
  });
});

describe('showing one letter', () => {
  test('finds it by its number and by its job, whole or short', async () => {
    const world = await World.open();
    const job = await world.deadJob();
    const [letter] = await world.letters();
    for (const which of [letter?.sequenceNumber ?? '', job.jobId, job.jobId.slice(-8)]) {
      const shown = await showLetter(world.ports, { queues: BOTH, which });
      expect(shown.letter.sequenceNumber).toBe(letter?.sequenceNumber);
      expect(shown.job?.status).toBe('DeadLettered');
    }
  });

  test('says when there is none, and what became of the job', async () => {
    const world = await World.open();
    const job = await world.deadJob();
    await world.run(world.request('replay'));
    await expect(showLetter(world.ports, { queues: BOTH, which: job.jobId })).rejects.toMatchObject({ code: 'MESSAGE_NOT_FOUND', message: `job ${job.jobId} is Queued and has no dead letter here` });
    await expect(showLetter(world.ports, { queues: BOTH, which: '424242' })).rejects.toMatchObject({ code: 'JOB_NOT_FOUND' });
    await expect(showLetter(world.ports, { queues: BOTH, which: '42' })).rejects.toMatchObject({ code: 'MESSAGE_NOT_FOUND' });
    await expect(showLetter(world.ports, { queues: BOTH, which: '01980000-0000-7000-8000-aaaaaaaaaaaa' })).rejects.toMatchObject({ code: 'MESSAGE_NOT_FOUND' });
  });
});

describe('exporting', () => {
  async function exported(world: World, format: ExportFormat): Promise<string> {
    let text = '';
    for await (const piece of exportLetters(world.ports, { queues: [QUEUE], selection: EVERY_LETTER }, { format })) text += piece;
    return text;
  }

  test('JSON lines read back to the letters, byte for byte', async () => {
    const world = await World.open();
    await world.deadJob();
    await world.deadMessage({ body: new Uint8Array([255, 0, 10]) });
    const lines = (await exported(world, 'jsonl')).trim().split('\n');
    const letters = await world.letters();
    expect(lines.map((line) => ({ ...parseLetterLine(line), body: 0 }))).toEqual(letters.map((letter) => ({ ...letter, body: 0 })));
    expect(lines.map((line) => [...parseLetterLine(line).body])).toEqual(letters.map(({ body }) => [...body]));
    expect(JSON.parse(lines[0] ?? '')).toMatchObject({ type: 'echo' });
  });

  test('CSV has a header, one record a letter, and no cell that a spreadsheet would run', async () => {
    const world = await World.open();
    await world.deadMessage({ body: '=HYPERLINK("x"),\n"y"' });
    const text = await exported(world, 'csv');
    expect(text.split('\n')[0]).toBe('queue,sequenceNumber,messageId,jobId,type,reason,description,enqueuedAt,deadLetteredAt,deliveryCount,replayCount,bytes,bodyEncoding,properties,body');
    expect(text).toContain(`"'=HYPERLINK(""x""),\n""y"""`);
  });

  test('changes nothing', async () => {
    const world = await World.open();
    await world.deadJobs(3);
    const before = await world.letters();
    await exported(world, 'jsonl');
    expect(await world.letters()).toEqual(before);
    expect((await world.run(world.request('replay'))).counts.done).toBe(3);
  });
});
