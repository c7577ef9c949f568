// When a lock ends, in this machine's time. The service tells the instant by its own clock; how far the two clocks are
// apart nobody says. A lock that is believed to end early costs a renewal, one that is believed to last costs the job.

/** The shortest lock the service gives. */
const SHORTEST_MS = 5_000;
/** The longest one. */
const LONGEST_MS = 300_000;

/**
 * `lockMs`: as the queue's settings say, if known. The told instant is believed when it is between the shortest lock and
 * the whole one from now; otherwise the clocks are apart, and the lock is taken to last as long as the queue's does.
 */
export function lockedUntil({ told, lockMs, now }: { told: number | undefined; lockMs: number | undefined; now: number }): number {
  const left = (told ?? Infinity) - now;
  const possible = left >= Math.min(SHORTEST_MS, (lockMs ?? LONGEST_MS) / 2) && left <= (lockMs ?? LONGEST_MS);
  return now + (possible ? left : (lockMs ?? UNKNOWN_MS));
}

/** The default of a queue that nobody said anything about. */
const UNKNOWN_MS = 60_000;
