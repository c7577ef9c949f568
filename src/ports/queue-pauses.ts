// QueuePauses: the pause flags of queues whose broker keeps none for us. Workers take nothing from a paused queue.

export interface QueuePauses {
  list(): Promise<ReadonlyMap<string, QueuePause>>;
  /** A queue that is paused already keeps its time and name. */
  pause(queue: string, by: string): Promise<void>;
  resume(queue: string): Promise<void>;
}

export interface QueuePause {
  readonly at: number;
  readonly by: string;
}
