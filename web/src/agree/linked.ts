// One selection for all drawings of a panel: what is pointed at in one of them lights up in the others.

export interface Drawing {
  node: Element;
  /** show which sets are meant; none where nothing is */
  light(sets: readonly number[]): void;
}

export interface Linked {
  /** light sets up in all drawings */
  light(sets: readonly number[]): void;
  /** open the pictures of a pair */
  open(a: number, b: number): void;
  add(drawing: Drawing): void;
  clear(): void;
}

export function linked(open: (a: number, b: number) => void): Linked {
  const drawings: Drawing[] = [];
  let shown = "";
  return {
    light(sets) {
      const key = sets.join();
      if (key === shown) return;
      shown = key;
      for (const one of drawings) one.light(sets);
    },
    open,
    add: (drawing) => void drawings.push(drawing),
    clear() {
      drawings.length = 0;
      shown = "";
    },
  };
}

/** Whether what is about these sets is meant: a model by all its pairs, a pair or a branch by what lies within. */
export function isMeant(own: readonly number[], meant: readonly number[]): boolean {
  if (meant.length === 1) return own.includes(meant[0]);
  return own.every((set) => meant.includes(set));
}
