/** A stretch of text: one special token, or plain text between two. */
export interface TextSection {
  readonly text: string;
  readonly special: boolean;
}

const escapeRegExp = (text: string) => text.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&');

/**
 * Cuts text at special tokens, leftmost first and longest where several start together, as Hugging Face's tokenizers do.
 */
export function specialTokenSplitter(
  tokens: readonly string[],
): (text: string) => readonly TextSection[] {
  if (tokens.length === 0) return (text) => (text === '' ? [] : [{ text, special: false }]);
  const longestFirst = [...tokens].sort((a, b) => b.length - a.length);
  const pattern = new RegExp(`(${longestFirst.map(escapeRegExp).join('|')})`);
  return (text) =>
    text
      .split(pattern)
      .map((part, index) => ({ text: part, special: index % 2 === 1 }))
      .filter((section) => section.text !== '');
}
