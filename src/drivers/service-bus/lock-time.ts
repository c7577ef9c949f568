// When a lock ends, in this machine's time. The service tells the instant by its own clock, and nobody says how far the
// two clocks are apart. A lock that is believed to end early costs a renewal, one that is believed to last costs the job.

/** The shortest lock the service gives. */
const SHORTEST_MS = 5_000;
/** The longest one. */
const LONGEST_MS = 300_000;

/**
 * `lockMs`: as the queue's settings say, if known. The told instant is believed, but never for more than a whole lock, and
 * never for less than half the shortest one: a lock that seems to be over when it is given shows that the service's clock
 * is behind ours, not how long the lock is. Renewed at half of what is believed, a lock is kept whatever the clocks say
 * where the settings are those of the service; where they are unknown or too long, as long as the service's clock is not
 * ahead by a whole lock.
 */
export function lockedUntil({ told, lockMs, now }: { told: number | undefined; lockMs: number | undefined; now: number }): number {
  const longest = lockMs ?? LONGEST_MS;
  const least = Math.min(SHORTEST_MS, longest) / 2;
  const left = (told ?? now) - now;
  // Longer than any lock: the clocks are apart, and nothing tells how long this one is.
  if (lockMs === undefined && left > LONGEST_MS) return now + least;
  return now + Math.min(longest, Math.max(least, left));
}
