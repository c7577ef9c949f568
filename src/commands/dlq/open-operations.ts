// The backend with the journal and the trash, for commands that work with operations.

import type { OperationFiles, Runtime } from '../../runtime.js';
import type { CommandContext } from '../command.js';
import { keepHeapSmall } from './small-heap.js';

export type OperationRuntime = Runtime & OperationFiles;

/** Opens what is not open yet. What follows may go through very many letters. */
export async function openOperations(context: Pick<CommandContext, 'runtime'>): Promise<OperationRuntime> {
  keepHeapSmall();
  const runtime = await context.runtime();
  return { ...runtime, ...(await runtime.operationFiles()) };
}
