// Lets handlers in: normally as many as come, but a job that may kill its worker enters alone and leaves before
// anybody else enters. First come, first in, so that neither kind waits for ever.

interface Waiting {
  readonly alone: boolean;
  readonly resolve: (entered: boolean) => void;
}

export class AloneGate {
  readonly #waiting: Waiting[] = [];
  #inside = 0;
  #aloneInside = false;
  #closed = false;

  /** Someone is alone inside or waits to be: taking more messages now would only hold them back. */
  get wantsQuiet(): boolean {
    return this.#aloneInside || this.#waiting.length > 0;
  }

  /** True, or a promise of it, when the caller is in and must leave(); false when the gate was closed meanwhile. */
  enter(alone: boolean): boolean | Promise<boolean> {
    if (this.#closed) return false;
    if (this.#waiting.length === 0 && this.#admits(alone)) {
      this.#admit(alone);
      return true;
    }
    return new Promise((resolve) => this.#waiting.push({ alone, resolve }));
  }

  /** For a job whose attempt has begun already: it is in. Its beginner has seen that nobody wants to be alone. */
  enterBegun(): void {
    this.#inside += 1;
  }

  leave(): void {
    this.#inside -= 1;
    this.#aloneInside = false;
    for (let next = this.#waiting[0]; next !== undefined && this.#admits(next.alone); next = this.#waiting[0]) {
      this.#waiting.shift();
      this.#admit(next.alone);
      next.resolve(true);
    }
  }

  /** Nobody enters any more; those who wait are turned away, those inside stay. */
  close(): void {
    this.#closed = true;
    for (const { resolve } of this.#waiting.splice(0)) resolve(false);
  }

  #admits(alone: boolean): boolean {
    return alone ? this.#inside === 0 : !this.#aloneInside;
  }

  #admit(alone: boolean): void {
    this.#inside += 1;
    this.#aloneInside = alone;
  }
}
