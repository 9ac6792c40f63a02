import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Hono } from 'hono';
import { z } from 'zod';
import {
  type PaperReport,
  papersRoot,
  reportPapers,
  resultsFolder,
  searchPapers,
} from '../../papers/index.ts';
import type { PapersResponse, PaperView } from '../api.ts';
import type { ServerEnvironment } from '../environment.ts';
import { HttpProblem } from '../http-problem.ts';
import type { MailDesk } from '../mail/mail-desk.ts';
import type { OpenStore } from '../open-store.ts';
import { viewPaper } from '../papers/paper-view.ts';
import { queryOf } from '../request-parts.ts';

const query = z.strictObject({ q: z.string().max(200).default('') });

export interface PaperRoutesParts {
  readonly store: OpenStore;
  readonly desk: Pick<MailDesk, 'state'>;
  /** Where papers' records lie. */
  readonly root?: string;
}

/** The papers, one of them, and the plots of their results. */
export function paperRoutes({
  store,
  desk,
  root = papersRoot,
}: PaperRoutesParts): Hono<ServerEnvironment> {
  const app = new Hono<ServerEnvironment>();
  app.get('/papers', (context) => {
    const { q } = queryOf(context, query);
    store.refresh();
    const runs = store.current.runs();
    const reports = reportPapers(root);
    const papers = searchPapers(reports, q).map((report) => viewPaper(report, runs));
    return context.json({
      papers,
      total: reports.length,
      subscribe: desk.state,
    } satisfies PapersResponse);
  });
  app.get('/papers/:name', (context) => {
    const report = requirePaper(context.req.param('name'), root);
    return context.json(viewPaper(report, store.current.runs()) satisfies PaperView);
  });
  app.get('/papers/:name/plots/:file{.+}', (context) => {
    const { name, file } = context.req.param();
    const svg = readPlot(requirePaper(name, root), file, root);
    return context.body(svg, 200, { 'Content-Type': 'image/svg+xml; charset=utf-8' });
  });
  return app;
}

function requirePaper(name: string, root: string): PaperReport {
  const report = reportPapers(root).find((each) => each.name === name);
  if (report !== undefined) return report;
  throw new HttpProblem(
    404,
    `there is no paper ${JSON.stringify(name)}; GET /api/papers lists them`,
  );
}

/** A plot that the paper's record names; no other file is ever read. */
function readPlot({ name, results }: PaperReport, file: string, root: string): string {
  const plot = results?.plots.find((each) => each.file === file);
  const path = plot && join(resultsFolder(name, root), plot.file);
  if (path === undefined || !existsSync(path))
    throw new HttpProblem(404, `the results of ${name} have no plot ${JSON.stringify(file)}`);
  return readFileSync(path, 'utf8');
}
