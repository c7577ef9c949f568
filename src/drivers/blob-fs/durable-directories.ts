// Makes directories so that they survive a power cut: a directory's name is on disk only after the directory above it
// was synced.

import { mkdir, open } from 'node:fs/promises';
import { dirname } from 'node:path';

/** Names are forgotten when there are more: directories of single jobs come and go. */
const MAX_REMEMBERED = 1_000;

export class DurableDirectories {
  readonly #top: string;
  readonly #known = new Set<string>();

  /** `top` is made too; what is above it exists or is synced by whoever made it. */
  constructor(top: string) {
    this.#top = top;
  }

  /**
   * The directory, which is below `top` or is it, exists when this resolves, and its name and those above are on disk.
   * One that was there may have been made by a process that has not synced it yet, so its names are synced here too.
   */
  async make(directory: string): Promise<void> {
    const firstMade = await mkdir(directory, { recursive: true, mode: 0o700 });
    if (firstMade === undefined && this.#known.has(directory)) return;
    let path = directory;
    while (path !== this.#top) {
      path = dirname(path);
      await syncDirectory(path);
    }
    await syncDirectory(dirname(this.#top));
    if (this.#known.size >= MAX_REMEMBERED) this.#known.clear();
    this.#known.add(directory);
  }
}

/** After this the names in the directory are on disk. */
export async function syncDirectory(path: string): Promise<void> {
  // Windows opens no directories; its file system keeps names by itself.
  if (process.platform === 'win32') return;
  const handle = await open(path, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
