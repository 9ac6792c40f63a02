/** Breaks a text at its spaces into lines of at most `width` characters, longer only where one word is. */
export function wrapText(content: string, width: number): string[] {
  const lines = [''];
  for (const word of content.split(' ')) {
    const last = lines.at(-1)!;
    if (last !== '' && last.length + 1 + word.length > width) lines.push(word);
    else lines[lines.length - 1] = last === '' ? word : `${last} ${word}`;
  }
  return lines;
}
