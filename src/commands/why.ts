// `copiloteval why`: one joined story of a job, and the command to type next.

import type { Io } from '../output/io.js';
import { relativeTime } from '../output/quantities.js';
import { printable } from '../output/sanitize.js';
import { statusText } from '../output/status-text.js';
import { padText } from '../output/text-width.js';
import { findJob } from '../services/find-job.js';
import { explainJob, type JobStory } from '../services/why-job.js';
import { defineCommand, type CommandContext } from './command.js';
import { eventText, replayedText } from './job-text.js';
import { argument } from './option-specs.js';

export const whyCommand = defineCommand({
  path: ['why'],
  summary: 'Explain where a job is, why, and what to do next',
  examples: ['copiloteval why 1a2b3c4d', 'copiloteval why 1a2b3c4d -o json'],
  arguments: { jobId: argument('a job id, or its last eight characters') },
  run: runWhy,
});

async function runWhy({ jobId }: { jobId: string }, _options: object, context: CommandContext): Promise<void> {
  const runtime = await context.runtime();
  const story = await explainJob(runtime, await findJob(runtime, jobId));
  const now = runtime.clock.now();
  context.io.print({ json: story, text: () => storyText(story, context.io, now) });
}

function storyText(story: JobStory, io: Io, now: number): string {
  const { job, events, next } = story;
  const { bold, dim } = io.style;
  const lines = [`${bold(job.jobId)}  ${job.type}  ${statusText(job.status, io)}`, printable(story.situation), ''];
  lines.push(bold('what happened'), ...events.map((event) => `  ${eventText(event, io, now)}`), '');
  const facts = [...messageFacts(story, now), ...workerFacts(story, now), ...deadLetterFacts(story, now), ...familyFacts(story)];
  if (facts.length > 0) lines.push(bold('where it is'), ...facts.map((fact) => `  ${printable(fact)}`), '');
  const width = Math.max(0, ...next.map(({ command }) => command.length));
  lines.push(bold('next'), ...next.map(({ command, purpose }) => `  ${padText(command, width)}  ${dim(purpose)}`));
  return lines.join('\n');
}

function messageFacts({ message, job }: JobStory, now: number): string[] {
  if (message === null) return [];
  const when = message.dueAt ?? message.lockedUntil;
  const detail = when === null ? '' : message.dueAt === null ? `, lock ends ${relativeTime(Date.parse(when), now)}` : `, due ${relativeTime(Date.parse(when), now)}`;
  return [`message ${message.sequence} of the job: ${message.state} in ${message.queue}${job.queueMode === 'service_bus' ? ' on Service Bus' : ''}${detail}`];
}

/** Of a job that runs: who ran an ended one is in its history. */
function workerFacts({ job, worker }: JobStory, now: number): string[] {
  if (worker === null || job.status !== 'Running') return [];
  const seen = worker.heartbeatAt === null ? '' : `, last sign of life ${relativeTime(Date.parse(worker.heartbeatAt), now)}`;
  const place = worker.host === null ? '' : ` on ${worker.host} (process ${worker.pid ?? '?'})`;
  return [`worker ${worker.workerId}${place}: ${worker.alive ? 'alive' : 'gone'}${seen}`];
}

function deadLetterFacts({ deadLetter }: JobStory, now: number): string[] {
  if (deadLetter === null) return [];
  const when = deadLetter.deadLetteredAt === null ? '' : `, ${relativeTime(Date.parse(deadLetter.deadLetteredAt), now)}`;
  return [`dead letter ${deadLetter.sequenceNumber} in ${deadLetter.queue}: ${deadLetter.reason ?? 'no reason'}${when}`];
}

function familyFacts({ job }: JobStory): string[] {
  return [
    ...(job.parentJobId === null ? [] : [`child of ${job.parentJobId}`]),
    ...(job.children === null ? [] : [`children: ${job.children.succeeded} succeeded, ${job.children.failed} failed, of ${job.children.expected}`]),
    ...(job.replayCount === 0 ? [] : [replayedText(job.replayCount)]),
  ];
}
