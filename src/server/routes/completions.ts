import { Hono } from 'hono';
import { z } from 'zod';
import { completionSteps, tokenSteps } from '../../runs/index.ts';
import type { StoredRun } from '../../runs/store/index.ts';
import type {
  CompletionSteps,
  CompletionsResponse,
  PromptHistory,
  TokensResponse,
} from '../api.ts';
import { type FoundTokenizer, findTokenizer } from '../completions/run-tokenizer.ts';
import { tokenViews } from '../completions/token-views.ts';
import { type DashboardContext, requireRun } from '../dashboard-context.ts';
import type { ServerEnvironment } from '../environment.ts';
import { HttpProblem } from '../http-problem.ts';
import { Recent } from '../recent.ts';
import { numberIn, queryOf, writtenInteger, writtenNumber } from '../request-parts.ts';
import { readOptions } from '../runs/run-options.ts';

const kind = z.enum(['train', 'eval']).default('train');
const length = writtenInteger(0, 10 ** 9).optional();

const kindQuery = z.strictObject({ kind });

const pageQuery = z.strictObject({
  kind,
  q: z.string().max(1000).optional(),
  finish: z.enum(['stop', 'length']).optional(),
  minReward: writtenNumber.optional(),
  maxReward: writtenNumber.optional(),
  minLength: length,
  maxLength: length,
  offset: writtenInteger(0, 10 ** 9).default(0),
  limit: writtenInteger(1, 200).default(20),
});

/** What the policy wrote, and its tokens. */
export function completionRoutes(dashboard: DashboardContext): Hono<ServerEnvironment> {
  const { completions, tokens } = dashboard;
  const tokenizers = new Tokenizers(dashboard);
  const app = new Hono<ServerEnvironment>();
  app.get('/runs/:id/completions', (context) => {
    const { folder } = requireRun(dashboard, numberIn(context, 'id'));
    const asked = queryOf(context, kindQuery).kind;
    const steps = completionSteps(folder, asked);
    const answer = { kind: asked, steps, tokenSteps: tokenSteps(folder) };
    return context.json(answer satisfies CompletionSteps);
  });
  app.get('/runs/:id/completions/:step', async (context) => {
    const { folder } = requireRun(dashboard, numberIn(context, 'id'));
    const { kind: asked, offset, limit, ...filter } = queryOf(context, pageQuery);
    const step = numberIn(context, 'step');
    const page = await completions.page({ folder, step, kind: asked, filter, offset, limit });
    return context.json(page satisfies CompletionsResponse);
  });
  app.get('/runs/:id/prompt/:example', async (context) => {
    const { folder } = requireRun(dashboard, numberIn(context, 'id'));
    const example = numberIn(context, 'example');
    const history = await completions.history(folder, example, queryOf(context, kindQuery).kind);
    return context.json(history satisfies PromptHistory);
  });
  app.get('/runs/:id/tokens/:step/:completion', async (context) => {
    const run = requireRun(dashboard, numberIn(context, 'id'));
    const [step, completion] = [numberIn(context, 'step'), numberIn(context, 'completion')];
    const found = await tokens.find(run.folder, step, completion);
    if (found === undefined) throw noTokens(step, completion);
    const { tokenizer, note } = tokenizers.of(run);
    const { row, promptLength } = found;
    const answer = { tokens: tokenViews(row, tokenizer), promptLength, note };
    return context.json(answer satisfies TokensResponse);
  });
  return app;
}

const noTokens = (step: number, completion: number): HttpProblem =>
  new HttpProblem(
    404,
    `no tokens are stored of completion ${completion} of step ${step}; the option token_record_rate says of how many steps they are`,
  );

/** Tokenizers of the runs looked at last. One that was missing is looked for again. */
class Tokenizers {
  readonly #dashboard: DashboardContext;
  readonly #known = new Recent<FoundTokenizer>(4);

  constructor(dashboard: DashboardContext) {
    this.#dashboard = dashboard;
  }

  of({ id, folder }: StoredRun): FoundTokenizer {
    const key = String(id);
    const found = this.#known.get(key, () =>
      findTokenizer({
        runFolder: folder,
        options: readOptions(folder),
        workingFolder: this.#dashboard.store.current.attempts(id).at(-1)?.workingFolder,
      }),
    );
    if (found.tokenizer === undefined) this.#known.delete(key);
    return found;
  }
}
