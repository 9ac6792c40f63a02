import { NotComparable } from './work.ts';

/** A place in a text that is read from left to right. */
export class Scanner {
  readonly text: string;
  position = 0;

  constructor(text: string) {
    this.text = text;
  }

  skipSpaces(): void {
    while (this.text[this.position] === ' ') this.position += 1;
  }

  get atEnd(): boolean {
    this.skipSpaces();
    return this.position >= this.text.length;
  }

  /** The next character, spaces skipped; empty at the end. */
  peek(): string {
    this.skipSpaces();
    return this.text[this.position] ?? '';
  }

  /** Reads a sticky pattern at this place, or nothing. */
  match(pattern: RegExp): string | undefined {
    this.skipSpaces();
    pattern.lastIndex = this.position;
    const found = pattern.exec(this.text)?.[0];
    if (found === undefined) return undefined;
    this.position += found.length;
    return found;
  }

  /** Whether a sticky pattern is at this place. */
  sees(pattern: RegExp): boolean {
    this.skipSpaces();
    pattern.lastIndex = this.position;
    return pattern.test(this.text);
  }

  take(token: string): boolean {
    this.skipSpaces();
    if (!this.text.startsWith(token, this.position)) return false;
    this.position += token.length;
    return true;
  }

  expect(token: string): void {
    if (!this.take(token)) this.fail();
  }

  fail(): never {
    throw new NotComparable(`can't read "${this.text}" at ${this.position}`);
  }
}
