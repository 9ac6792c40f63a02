/** A table, its first row the head; cells are plain text with `code` in backquotes. */
export interface PageTable {
  readonly head: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

/** A paragraph, a table, or a plot by its file. */
export type PageBlock =
  | { readonly text: string }
  | { readonly table: PageTable }
  | { readonly code: string }
  | { readonly plot: { readonly file: string; readonly title: string; readonly caption: string } };

export interface PageSection {
  readonly heading: string;
  readonly blocks: readonly PageBlock[];
}

export interface ResultsPage {
  readonly title: string;
  readonly sections: readonly PageSection[];
}

const cellText = (text: string): string => text.replaceAll('|', '\\|').replaceAll('\n', ' ');

const markdownRow = (row: readonly string[]): string => `| ${row.map(cellText).join(' | ')} |`;

function markdownBlock(block: PageBlock): string {
  if ('text' in block) return block.text;
  if ('code' in block) return `\`\`\`text\n${block.code}\n\`\`\``;
  if ('plot' in block)
    return `![${block.plot.title}](${block.plot.file})\n\n*${block.plot.caption}*`;
  const { head, rows } = block.table;
  return [markdownRow(head), markdownRow(head.map(() => '---')), ...rows.map(markdownRow)].join(
    '\n',
  );
}

/** The page as Markdown, its plots as files beside it. */
export const renderMarkdown = ({ title, sections }: ResultsPage): string =>
  `${[
    `# ${title}`,
    ...sections.flatMap(({ heading, blocks }) => [`## ${heading}`, ...blocks.map(markdownBlock)]),
  ].join('\n\n')}\n`;

const escapeHtml = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');

const inline = (text: string): string => escapeHtml(text).replace(/`([^`]+)`/g, '<code>$1</code>');

function htmlBlock(block: PageBlock, svgs: ReadonlyMap<string, string>): string {
  if ('text' in block) return `<p>${inline(block.text)}</p>`;
  if ('code' in block) return `<pre>${escapeHtml(block.code)}</pre>`;
  if ('plot' in block) {
    const { file, caption } = block.plot;
    return `<figure>${svgs.get(file) ?? ''}<figcaption>${inline(caption)}</figcaption></figure>`;
  }
  const row = (cells: readonly string[], tag: string) =>
    `<tr>${cells.map((cell) => `<${tag}>${inline(cell)}</${tag}>`).join('')}</tr>`;
  const { head, rows } = block.table;
  return `<div class="wide"><table>${row(head, 'th')}${rows.map((cells) => row(cells, 'td')).join('')}</table></div>`;
}

const style = `
body { font: 16px/1.5 system-ui, sans-serif; color: #1f2933; max-width: 52rem; margin: 2rem auto; padding: 0 1rem; }
.wide { overflow-x: auto; } table { border-collapse: collapse; font-size: 0.9rem; }
th, td { text-align: left; vertical-align: top; padding: 0.3rem 0.7rem 0.3rem 0; border-bottom: 1px solid #e4e8ec; }
figure { margin: 1.5rem 0; } figure svg { max-width: 100%; height: auto; } figcaption { color: #52606d; font-size: 0.9rem; }
pre { overflow-x: auto; background: #f5f7fa; padding: 0.8rem; } code { font-size: 0.9em; }`;

/** The page as one file of HTML, its plots within. `svgs` are the plots' contents by file. */
export function renderHtml(
  { title, sections }: ResultsPage,
  svgs: ReadonlyMap<string, string>,
): string {
  const body = sections.map(
    ({ heading, blocks }) =>
      `<h2>${inline(heading)}</h2>\n${blocks.map((block) => htmlBlock(block, svgs)).join('\n')}`,
  );
  return `<!doctype html>
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>${escapeHtml(title)}</title><style>${style}</style>
<h1>${inline(title)}</h1>
${body.join('\n')}
</html>
`;
}
