// `command`: a job type in any language. The program gets the JobMessage on standard input and answers with JSON lines
// (command/program-output.ts) and its exit code. It inherits the worker's environment.

import type { Job } from '../../domain/job.js';
import { outboxEntryFor } from '../../domain/message.js';
import { defineHandler, type Handler } from '../handler.js';
import { runProgram } from './command/run-program.js';
import { type CommandPayload, parseCommandPayload } from './payloads/command.js';

/** The built-in type: its payload names the program, if the configuration allows that. */
export function createCommandHandler(settings: { readonly allowed: boolean; readonly cwd: string }): Handler<CommandPayload> {
  return defineHandler<CommandPayload>({
    type: 'command',
    parse: (payload) => parseCommandPayload(payload, settings.allowed),
    async run(context, payload) {
      const { command, cwd } = payload;
      return { result: await runProgram({ command, cwd: cwd ?? settings.cwd, input: inputFor(context.job, payload, context.attempt) }, context) };
    },
  });
}

export interface ProgramType {
  readonly type: string;
  readonly command: readonly [string, ...string[]];
  readonly cwd: string;
  readonly queue?: string;
  readonly timeoutMs?: number;
}

/** A type of the configuration: always the same program, any payload. */
export function createProgramHandler({ type, command, cwd, queue, timeoutMs }: ProgramType): Handler {
  return defineHandler({
    type,
    ...(queue === undefined ? {} : { queue }),
    ...(timeoutMs === undefined ? {} : { timeoutMs }),
    run: async (context, payload) => ({ result: await runProgram({ command, cwd, input: inputFor(context.job, payload, context.attempt) }, context) }),
  });
}

/** The JobMessage with its payload, also where that is a file, and the number of the attempt. */
function inputFor(job: Job, payload: unknown, attempt: number): string {
  const { message } = outboxEntryFor(job, null);
  return `${JSON.stringify({ ...message, payload, payloadRef: null, attempt })}\n`;
}
