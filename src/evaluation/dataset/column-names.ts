// Which column name means which field. Names are compared without case, spaces, underscores and hyphens.

import type { DatasetField } from './dataset-row.js';

const ALIASES: Readonly<Record<DatasetField, readonly string[]>> = {
  id: ['id', 'testid', 'itemid'],
  input: ['input', 'prompt', 'query', 'question'],
  turns: ['turns'],
  expected: ['expected', 'expectedresponse', 'expectedoutput', 'expectedanswer', 'groundtruth', 'target', 'reference', 'references'],
  answer: ['actual', 'actualoutput', 'actualresponse', 'actualanswer', 'output', 'response', 'recordedanswer'],
  context: ['context', 'contexts'],
  category: ['category'],
  group: ['group'],
  tags: ['tags'],
  name: ['name'],
  knowledgeSource: ['knowledgesource', 'selectedknowledgesource'],
  instructions: ['instructions', 'additionalinstructions'],
  threshold: ['threshold'],
  evaluators: ['evaluators'],
  evaluatorsMode: ['evaluatorsmode'],
  latencyMs: ['latencyms'],
  usage: ['usage'],
};

/** A column of this name is the recorded answer beside an expected one, and the expected one beside a recorded answer. */
export const TWO_WAY_NAME = 'answer';

const FIELD_OF: ReadonlyMap<string, DatasetField> = new Map(
  (Object.entries(ALIASES) as [DatasetField, readonly string[]][]).flatMap(([field, names]) => names.map((name) => [name, field] as const)),
);

export function foldName(name: string): string {
  return name.toLowerCase().replace(/[\s_-]+/g, '');
}

/** The field a name stands for, `answer` being the recorded one; null for any other name. */
export function fieldOfName(name: string): DatasetField | null {
  const folded = foldName(name);
  return folded === TWO_WAY_NAME ? 'answer' : (FIELD_OF.get(folded) ?? null);
}
