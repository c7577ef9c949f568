// `copiloteval status`: one job and its history.

import { viewJob } from '../services/job-view.js';
import { findJob } from '../services/find-job.js';
import { defineCommand, type CommandContext } from './command.js';
import { eventText, jobFields } from './job-text.js';
import { argument } from './option-specs.js';

export const statusCommand = defineCommand({
  path: ['status'],
  summary: 'Show one job and its history',
  examples: ['copiloteval status 1a2b3c4d', 'copiloteval status 1a2b3c4d -o json'],
  arguments: { jobId: argument('a job id, or its last eight characters') },
  run: runStatus,
});

const MAX_EVENTS = 200;

async function runStatus({ jobId }: { jobId: string }, _options: object, context: CommandContext): Promise<void> {
  const { io } = context;
  const runtime = await context.runtime();
  const job = await findJob(runtime, jobId);
  const view = viewJob(job, runtime.publicBaseUrl);
  const now = runtime.clock.now();
  const { events } = io.format === 'text' ? await runtime.events.read({ jobId: job.jobId, limit: MAX_EVENTS }) : { events: [] };
  io.print({
    json: view,
    text: () => {
      const history = events.map((event) => `  ${eventText({ ...event, at: new Date(event.at).toISOString() }, io, now)}`);
      return [jobFields(view, io, now), '', io.style.bold('history'), ...history].join('\n');
    },
  });
}
