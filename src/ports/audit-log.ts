// AuditLog: changes that operators made from this machine, other than replays, purges and restores, which the operation
// journal keeps with their ledgers. Both together are `dlq history`.

export interface AuditLog {
  /** Notes what is about to be done; durable when it resolves. Dying afterwards leaves a change without an end. */
  begin(change: NewAuditedChange): Promise<string>;
  /** What came of it. */
  end(id: string, outcome: ChangeOutcome): Promise<void>;
  /** Newest first, pages of `limit`, older than `cursor`. */
  list(params: { readonly limit: number; readonly cursor?: string }): Promise<readonly AuditedChange[]>;
  /** Forgets changes begun before this instant; answers how many. */
  sweep(before: number): Promise<number>;
  close(): Promise<void>;
}

export interface NewAuditedChange {
  readonly at: number;
  readonly by: string;
  /** Why, in the words of who did it. */
  readonly reasonText: string | null;
  /** The command line, without the program's name. */
  readonly what: string;
  readonly profile: string;
  readonly production: boolean;
}

export interface ChangeOutcome {
  readonly endedAt: number;
  readonly changed: number;
  readonly failed: number;
  /** The error that ended it. */
  readonly error: string | null;
}

export interface AuditedChange extends NewAuditedChange {
  readonly id: string;
  /** Grows with every change: what `list` takes as its cursor. */
  readonly cursor: string;
  /** Null while it runs, and for ever when its process died. */
  readonly outcome: ChangeOutcome | null;
}
