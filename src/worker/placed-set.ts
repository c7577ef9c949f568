// A set of objects that know their own place in it.
//
// For things that come and go thousands of times a second. A Set of V8 is rebuilt again and again by that; its old tables
// still name what was in them, and a table that reached the old generation keeps all of it, and the next table, alive
// until the next full collection: a third of every young generation was copied for nothing.

export class PlacedSet<Item extends object> implements Iterable<Item> {
  readonly #items: Item[] = [];
  readonly #placeOf: (item: Item) => number;
  readonly #setPlace: (item: Item, place: number) => void;

  /** The place is the set's own: -1 while the item is not in it. */
  constructor(placeOf: (item: Item) => number, setPlace: (item: Item, place: number) => void) {
    this.#placeOf = placeOf;
    this.#setPlace = setPlace;
  }

  get size(): number {
    return this.#items.length;
  }

  add(item: Item): void {
    if (this.#placeOf(item) >= 0) return;
    this.#setPlace(item, this.#items.length);
    this.#items.push(item);
  }

  /** Fine when it is not there. */
  delete(item: Item): void {
    const place = this.#placeOf(item);
    const last = this.#items.at(-1);
    if (place < 0 || last === undefined) return;
    this.#setPlace(item, -1);
    this.#items.pop();
    if (last === item) return;
    this.#items[place] = last;
    this.#setPlace(last, place);
  }

  clear(): void {
    for (const item of this.#items) this.#setPlace(item, -1);
    this.#items.length = 0;
  }

  /** In no order; the set must not change meanwhile. */
  [Symbol.iterator](): Iterator<Item> {
    return this.#items[Symbol.iterator]();
  }
}
