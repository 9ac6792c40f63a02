/** Something in the input that whoever prepares it should know: what it was, how much of it, and what became of it. */
export interface Finding {
  /** In snake case, such as `malformed_rows`. */
  readonly name: string;
  readonly count: number;
  /** What was counted and what became of it: "rows that could not be read, left out". */
  readonly text: string;
  /** The first few, each with its place. */
  readonly examples: readonly string[];
}

const MOST_EXAMPLES = 3;

/** Counts one kind of finding, and keeps the first examples. */
export class FindingCounter {
  readonly #name: string;
  readonly #text: string;
  readonly #examples: string[] = [];
  #count = 0;

  constructor(name: string, text: string) {
    this.#name = name;
    this.#text = text;
  }

  get count(): number {
    return this.#count;
  }

  /** The example is made only where it is kept. */
  add(example?: () => string): void {
    this.#count += 1;
    if (example !== undefined && this.#examples.length < MOST_EXAMPLES)
      this.#examples.push(example());
  }

  /** @returns nothing where there was none. */
  findings(): Finding[] {
    if (this.#count === 0) return [];
    const [name, text] = [this.#name, this.#text];
    return [{ name, count: this.#count, text, examples: [...this.#examples] }];
  }
}

/** A finding in a line, its examples below it. */
export const findingLines = ({ count, text, examples }: Finding): string[] => [
  `${count.toLocaleString('en-US')} ${text}`,
  ...examples.map((example) => `  such as ${example}`),
];
