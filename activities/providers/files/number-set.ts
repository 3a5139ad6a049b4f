/** Numbers that were seen, in a typed array outside the heap's bookkeeping. */
export interface NumberSet {
  readonly size: number;
  readonly isFull: boolean;
  /** True: it was there already. A full set takes nothing more. */
  add(value: number): boolean;
}

const FIRST_SLOTS = 2 ** 10;

/**
 * Open addressing with at most half of the slots taken, so `capacity` numbers need 16 bytes each at the most; a power of two.
 * `value` is a whole number from 0 to 2^53 - 2.
 */
export function createNumberSet(capacity: number): NumberSet {
  let slots = new Float64Array(FIRST_SLOTS);
  let size = 0;

  // 0 marks a free slot, so everything is stored one higher.
  function place(into: Float64Array, stored: number): number {
    const last = into.length - 1;
    let at = (stored % 4_294_967_291) & last;
    while (into[at] !== 0 && into[at] !== stored) at = (at + 1) & last;
    return at;
  }

  function grow(): void {
    const larger = new Float64Array(slots.length * 2);
    for (const stored of slots) if (stored !== 0) larger[place(larger, stored)] = stored;
    slots = larger;
  }

  return {
    get size() {
      return size;
    },
    get isFull() {
      return size >= capacity;
    },
    add(value) {
      const at = place(slots, value + 1);
      if (slots[at] !== 0) return true;
      if (size >= capacity) return false;
      slots[at] = value + 1;
      size += 1;
      if (size * 2 > slots.length) grow();
      return false;
    },
  };
}
