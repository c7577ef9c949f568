import { expect, test } from 'vitest';
import type { Job } from '../../../../src/domain/job.js';
import { letterChanges } from '../../../../src/tui/source/letter-changes.js';
import { showLetter } from '../../../../src/services/dead-letters/show-letter.js';
import { QUEUE, SETTINGS, World } from '../../services/dead-letters/world.js';

async function changesOf(world: World, job: Job): Promise<readonly string[]> {
  const found = await showLetter(world.ports, { queues: [QUEUE], which: job.jobId });
  return (await letterChanges({ ...world.backend, blobs: world.ports.blobs }, found, await world.backend.store.get(job.jobId))).map(({ text }) => text);
}

test('a letter whose job nobody touched is as submitted', async () => {
  const world = await World.open();
  expect(await changesOf(world, await world.deadJob({ payload: { url: 'http://a' } }))).toEqual(['as submitted']);
});

test('a message that says another thing than its job now is told by its differences', async () => {
  const world = await World.open();
  const job = await world.deadJob({ payload: { url: 'http://a', keep: 1 } });
  const found = await showLetter(world.ports, { queues: [QUEUE], which: job.jobId });
  await world.run(world.request('replay', { settings: { ...SETTINGS, edits: [{ path: ['url'], value: 'http://b' }] } }));
  const lines = (await letterChanges({ ...world.backend, blobs: world.ports.blobs }, found, await world.job(job.jobId))).map(({ text }) => text);
  expect(lines.slice(0, 3)).toEqual(['the message (-) and its job now (+) differ:', '- url: "http://a"', '+ url: "http://b"']);
  expect(lines[3]).toMatch(/edited by operator, replay R\w+: SHA-256 [0-9a-f]{12} became [0-9a-f]{12}$/);
});

test('what belongs to no job has nothing to compare with', async () => {
  const world = await World.open();
  await world.deadMessage();
  const [letter] = await world.letters();
  const found = await showLetter(world.ports, { queues: [QUEUE], which: letter?.sequenceNumber ?? '' });
  expect((await letterChanges({ ...world.backend, blobs: world.ports.blobs }, found, undefined))[0]?.text).toContain('no stored job');
});
