const OPENERS = '([{';
const CLOSERS = ')]}';

/**
 * Splits a text where a sticky pattern matches outside all brackets; LaTeX braces and environments count as brackets,
 * round and square ones close each other, as intervals need.
 */
export function splitTopLevel(text: string, separator: RegExp): string[] {
  const parts: string[] = [];
  let depth = 0;
  let start = 0;
  for (let i = 0; i < text.length; i++) {
    if (text.startsWith('\\begin', i)) depth += 1;
    if (text.startsWith('\\end', i)) depth -= 1;
    const character = text[i] as string;
    if (OPENERS.includes(character)) depth += 1;
    else if (CLOSERS.includes(character)) depth -= 1;
    if (depth !== 0) continue;
    separator.lastIndex = i;
    const found = separator.exec(text)?.[0];
    if (!found) continue;
    parts.push(text.slice(start, i));
    start = i + found.length;
    i = start - 1;
  }
  return [...parts, text.slice(start)].map((part) => part.trim());
}

/** The content of a text that is one bracketed whole, with its brackets; LaTeX's \{ \} count as such. */
export function bracketedWhole(
  text: string,
): { open: string; close: string; inside: string } | undefined {
  const found = /^(\\\{|[([{])(.*?)(\\\}|[)\]}])$/.exec(text);
  if (!found) return undefined;
  const [, open = '', inside = '', close = ''] = found;
  let depth = 0;
  for (let i = 0; i < text.length; i++) {
    const character = text[i] as string;
    if (OPENERS.includes(character)) depth += 1;
    else if (CLOSERS.includes(character)) depth -= 1;
    if (depth === 0 && i > 0 && i < text.length - 1) return undefined;
  }
  return depth === 0 ? { open, close, inside } : undefined;
}
