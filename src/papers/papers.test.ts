import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { paperRecord } from '../../test/support/paper-record.ts';
import { DataError } from '../errors.ts';
import {
  papers,
  readResults,
  renderPapersTable,
  reportPaper,
  reportPapers,
  searchPapers,
} from './index.ts';
import { paperStatus } from './paper-status.ts';
import { reproductionNames } from './reproductions.ts';
import { type ResultsRecord, serializeResults } from './results-record.ts';

const check = (verdict: ResultsRecord['checks'][number]['verdict']) => ({
  id: `check-${verdict.replaceAll(' ', '-')}`,
  finding: 'The win rate is best at a middle likelihood.',
  paper: 'a quadratic fits better',
  ours: 'it does here',
  verdict,
  note: null,
  plots: [],
});

const record = (part: Partial<ResultsRecord> = {}): ResultsRecord =>
  paperRecord({ checks: [check('appears')], ...part });

const folder = mkdtempSync(join(tmpdir(), 'laurel-papers-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function writeResults(contents: string): void {
  mkdirSync(join(folder, 'likelihood/results'), { recursive: true });
  writeFileSync(join(folder, 'likelihood/results/results.json'), contents);
}

describe('the list of papers', () => {
  it('is newest first, and no two share a name or an arXiv id', () => {
    const dates = papers.map(({ date }) => date);
    expect(dates).toEqual([...dates].sort().reverse());
    expect(new Set(papers.map(({ name }) => name)).size).toBe(7);
    expect(new Set(papers.map(({ arxivId }) => arxivId)).size).toBe(7);
  });
  it.each(papers)('$name has an id of its month, authors, and a claim in one sentence', (paper) => {
    const { arxivId, date, authors, claim, summary } = paper;
    expect(arxivId).toMatch(/^\d{4}\.\d{5}$/);
    expect(`20${arxivId.slice(0, 2)}-${arxivId.slice(2, 4)}`).toBe(date.slice(0, 7));
    expect(authors.length).toBeGreaterThan(1);
    expect(claim).toMatch(/^[A-Z].*\.$/);
    expect(summary.length).toBeGreaterThan(200);
  });
  it('has the command of its study where there is one', () => {
    for (const name of reproductionNames) {
      const written = papers.find((paper) => paper.name === name)?.commands ?? [];
      expect(written.map(({ command }) => command)).toContain(`npx laurel reproduce ${name}`);
    }
  });
  it('has readable results wherever results were recorded', () => {
    for (const { name, results } of reportPapers()) expect(results?.paper ?? name).toBe(name);
  });
});

describe('the status of a reproduction', () => {
  const runs = { commands: [{ command: 'laurel reproduce likelihood', does: 'everything' }] };
  it('needs commands, then results', () => {
    expect(paperStatus({ commands: [] }, record())).toBe('not implemented');
    expect(paperStatus(runs, undefined)).toBe('runs');
    expect(paperStatus(runs, record())).toBe('reproduced');
  });
  it('is in part while a check fails, a cell is missing or the headline is unmeasured', () => {
    const parts: Partial<ResultsRecord>[] = [
      { checks: [check('appears'), check('does not appear')] },
      { checks: [check('partly')] },
      { cells: { planned: 2, done: 1, missing: ['b'], seconds: 1 } },
      { headline: { ...record().headline, ours: null } },
    ];
    for (const part of parts) expect(paperStatus(runs, record(part))).toBe('reproduced in part');
  });
  it('stays “runs” where nothing was found again', () => {
    const checks = [check('does not appear'), check('not measured')];
    expect(paperStatus(runs, record({ checks }))).toBe('runs');
    expect(paperStatus(runs, record({ checks: [] }))).toBe('runs');
  });
});

describe('recorded results', () => {
  const likelihood = papers.find(({ name }) => name === 'likelihood')!;
  it('are read from the paper’s folder, and absent where it has none', () => {
    expect(readResults('likelihood', folder)).toBeUndefined();
    writeResults(serializeResults(record()));
    expect(reportPaper(likelihood, folder).results).toEqual(record());
  });
  it('that cannot be read are refused with the file and the field', () => {
    writeResults(serializeResults({ ...record(), recordedAt: 'yesterday' }));
    expect(() => readResults('likelihood', folder)).toThrow(DataError);
    expect(() => readResults('likelihood', folder)).toThrow(/results\.json: .*recordedAt/s);
    writeResults('{');
    expect(() => readResults('likelihood', folder)).toThrow(/results\.json: is not a record/);
  });
});

describe('README.md', () => {
  it('has the table that `npm run docs` writes from the records', () => {
    const readme = readFileSync(new URL('../../README.md', import.meta.url), 'utf8');
    const table = renderPapersTable(reportPapers());
    expect(readme).toContain(`<!-- papers -->\n${table}<!-- /papers -->`);
  });
});

describe('the search', () => {
  const found = (query: string) => searchPapers(papers, query).map(({ name }) => name);
  it('finds every word, in titles, summaries, authors and ids, whatever the case', () => {
    expect(found('recommendation')).toEqual(['gream', 'rere']);
    expect(found('trie BEAM')).toEqual(['rere']);
    expect(found('gal yarin')).toEqual(['capo']);
    expect(found('2410.11677')).toEqual(['likelihood']);
    expect(found('molecule recommendation')).toEqual([]);
  });
  it('passes over accents and surrounding spaces; an empty query keeps all', () => {
    expect(found('  Réinforced ')).toEqual(['rere']);
    expect(found('')).toHaveLength(7);
  });
});
