// The backend with the journal and the trash, for commands that work with operations.

import type { OperationFiles, Runtime } from '../../runtime.js';
import type { CommandContext } from '../command.js';

export type OperationRuntime = Runtime & OperationFiles;

/** Opens what is not open yet. */
export async function openOperations(context: Pick<CommandContext, 'runtime'>): Promise<OperationRuntime> {
  const runtime = await context.runtime();
  return { ...runtime, ...(await runtime.operationFiles()) };
}
