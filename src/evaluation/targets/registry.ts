// The targets that exist, by the `target.type` of a payload.

import { recordedTarget } from './recorded.js';
import type { Target } from './target.js';

const TARGETS = { recorded: recordedTarget } as const satisfies Record<string, Target>;

export type TargetType = keyof typeof TARGETS;

export const TARGET_TYPES = Object.keys(TARGETS) as [TargetType, ...TargetType[]];

export function targetOf(type: TargetType): Target {
  return TARGETS[type];
}
