// What effects work with: an opened profile, the terminal, and the way back to update().

import type { ChangeOutcome } from '../../ports/audit-log.js';
import { auditedChange } from '../../services/audited-change.js';
import { relayBeside } from '../../services/relay-beside.js';
import type { SavedChoices } from '../initial-model.js';
import type { AuditNote, Msg } from '../messages.js';
import type { ColumnChoices, Session } from '../model.js';
import { problemOf } from '../source/problem.js';
import type { DashboardPorts } from '../source/ports.js';
import type { Terminal } from '../terminal/terminal.js';

/** One profile, opened. */
export interface OpenedProfile {
  readonly ports: DashboardPorts;
  readonly session: Session;
  /** Operations and trash older than this are forgotten before a new one is planned. */
  readonly retentionDays: number;
  close(): Promise<void>;
}

/** Where choices are kept from one day to the next. Writing throws FILE_UNWRITABLE. */
export interface ChoiceShelf {
  read(): SavedChoices;
  /** Keeps the filter or gives it up; answers with all that are kept now. */
  changeFilter(filter: string, keep: boolean): readonly string[];
  changeColumns(columns: ColumnChoices): void;
}

export interface EffectPlace {
  readonly profile: OpenedProfile;
  readonly terminal: Pick<Terminal, 'edit'>;
  readonly shelf: ChoiceShelf;
  /** Where paths that are typed start from. */
  readonly cwd: string;
  readonly send: (msg: Msg) => void;
}

/** Tells of an error in the line above the keys. */
export function tellError({ profile, send }: EffectPlace, error: unknown): void {
  const { message, hint } = problemOf(error);
  send({ t: 'note', at: profile.ports.clock.now(), tone: 'bad', text: hint === null ? message : `${message} (${hint})` });
}

/** Does the work, and sends what it saves for a queue that is another system. */
export async function relayed<T>({ profile }: EffectPlace, work: () => Promise<T>): Promise<T> {
  return (await relayBeside(profile.ports, work)).result;
}

/** Makes a change under an entry of the audit log. */
export async function audited<T>(
  { profile }: EffectPlace,
  { what, reasonText }: AuditNote,
  change: () => Promise<T>,
  count: (result: T) => Pick<ChangeOutcome, 'changed' | 'failed'>,
): Promise<T> {
  const { ports, session } = profile;
  return auditedChange(ports, { by: session.userId, reasonText, what, profile: session.profile, production: session.production }, change, count);
}
