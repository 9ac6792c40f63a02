import type { Paper } from './paper.ts';

/** What the search looks at. */
export type Searchable = Pick<
  Paper,
  'name' | 'shortName' | 'title' | 'authors' | 'arxivId' | 'claim' | 'summary'
>;

const accents = /\p{M}/gu;

/** Lower case, without accents. */
const plain = (text: string): string => text.normalize('NFKD').replace(accents, '').toLowerCase();

/** The papers in which every word of the query occurs; all of them for an empty query. */
export function searchPapers<Each extends Searchable>(
  papers: readonly Each[],
  query: string,
): Each[] {
  const words = plain(query).split(/\s+/).filter(Boolean);
  return papers.filter((paper) => {
    const { name, shortName, title, authors, arxivId, claim, summary } = paper;
    const text = plain([name, shortName, title, ...authors, arxivId, claim, summary].join('\n'));
    return words.every((word) => text.includes(word));
  });
}
