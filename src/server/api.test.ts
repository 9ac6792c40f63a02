import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ask, bearer, getJson, jsonHeaders, testDashboard } from '../../test/support/dashboard.ts';
import { makeFakeRun } from '../../test/support/fake-run.ts';
import { temporaryRoots } from '../../test/support/temporary-root.ts';
import { readRunRecord, writeTokens } from '../runs/index.ts';
import type {
  CompareResponse,
  CompletionSteps,
  CompletionsResponse,
  PromptHistory,
  RunPage,
  RunsResponse,
  SeriesResponse,
  TokensResponse,
} from './api.ts';

const newFolder = temporaryRoots();
const root = newFolder();
makeFakeRun(root, { name: 'sums-0', seed: 0, steps: 100, completionSteps: [10, 20] });
makeFakeRun(root, { name: 'sums-1', seed: 1, steps: 100 });
makeFakeRun(root, { name: 'other', options: { beta: 1 }, metricsAt: () => ({ loss: 1 }) });
const dashboard = await testDashboard(root);
const get = <T>(path: string) => getJson<T>(dashboard, `/api${path}`);
const { runs } = await get<RunsResponse>('/runs');
const idOf = (name: string): number => runs.find((run) => run.name === name)!.id;
const problem = async (path: string) => {
  const { status, text } = await ask(dashboard, `/api${path}`, { headers: bearer(dashboard) });
  return { status, error: (JSON.parse(text) as { error: string }).error };
};

describe('GET /api/runs', () => {
  it('has every run, newest first, with a line of its reward, or of its loss', () => {
    expect(runs.map(({ name }) => name)).toEqual(['other', 'sums-1', 'sums-0']);
    const [other, , sums] = runs;
    expect(sums).toMatchObject({ state: 'finished', step: 100, sparklineKey: 'reward' });
    expect(sums!.sparkline.length).toBeLessThanOrEqual(60);
    expect([sums!.sparkline[0], sums!.sparkline.at(-1)]).toEqual([0.01, 1]);
    expect(other).toMatchObject({ sparklineKey: 'loss' });
  });
  it('sees runs that came and went since it was last asked', async () => {
    const late = newFolder();
    const own = await testDashboard(late, { live: { pollMs: 20, refreshMs: 20 } });
    const names = async () =>
      (await getJson<RunsResponse>(own, '/api/runs')).runs.map(({ name }) => name);
    expect(await names()).toEqual([]);
    makeFakeRun(late, { name: 'late' });
    await expect.poll(names).toEqual(['late']);
    rmSync(join(late, 'late'), { recursive: true });
    await expect.poll(names).toEqual([]);
  });
});

describe('GET /api/runs/:id', () => {
  it('has attempts, options, metrics with their definitions, system figures and what can be done', async () => {
    const page = await get<RunPage>(`/runs/${idOf('sums-0')}`);
    const [attempt] = readRunRecord(join(root, 'sums-0')).attempts;
    expect(page.attempts).toMatchObject([
      { number: 1, outcome: 'finished', fromStep: 0, lastStep: 100, pid: attempt!.pid },
    ]);
    expect(page.config.find(({ key }) => key === 'learning_rate')).toMatchObject({
      value: 0.001,
      differs: true,
    });
    expect(page.metrics.find(({ key }) => key === 'reward')).toMatchObject({
      definition: 'Weighted sum of rewards.',
      last: 1,
    });
    expect(page.system).toMatchObject({ liveTensors: 12 });
    expect(page.stop).toEqual({ available: false, reason: 'It is not running.' });
    expect(page.resume).toEqual({ available: false, reason: 'It has finished.' });
  });
  it('says that there is no such run', async () => {
    expect(await problem('/runs/99')).toEqual({
      status: 404,
      error: 'there is no run number 99; it may have been deleted',
    });
  });
});

describe('GET /api/runs/:id/series', () => {
  it('has whole curves where they are short, and says what they were merged from where they are long', async () => {
    const path = `/runs/${idOf('sums-0')}/series?keys=reward,loss`;
    const whole = (await get<SeriesResponse>(path)).series;
    expect(whole.map(({ key, total, x }) => [key, total, x.length])).toEqual([
      ['reward', 100, 100],
      ['loss', 100, 100],
    ]);
    const [merged] = (await get<SeriesResponse>(`${path}&points=10`)).series;
    expect(merged!.x.length).toBeLessThanOrEqual(10);
    expect(Math.max(...merged!.max!)).toBe(1);
  });
  it('zooms, on other axes too', async () => {
    const path = `/runs/${idOf('sums-0')}/series?keys=reward`;
    const [zoomed] = (await get<SeriesResponse>(`${path}&from=10&to=12`)).series;
    expect(zoomed).toMatchObject({ x: [10, 11, 12], y: [0.1, 0.11, 0.12] });
    const [byTokens] = (await get<SeriesResponse>(`${path}&x=tokens&from=1000&to=1100`)).series;
    expect(byTokens).toMatchObject({ x: [1000, 1100], y: [0.1, 0.11] });
  });
  it.each([
    ['keys=', 'keys'],
    ['keys=reward&x=place', 'x'],
    ['keys=reward&points=1e9', 'points'],
    ['keys=reward&points=2', 'points'],
    ['keys=reward&from=a', 'from'],
    ['keys=reward&fro=1', 'fro'],
  ])('says what is wrong with ?%s', async (query, part) => {
    const { status, error } = await problem(`/runs/${idOf('sums-0')}/series?${query}`);
    expect(status).toBe(400);
    expect(error).toContain(part);
  });
});

describe('GET /api/compare', () => {
  it('has the curves of several runs, and mean and spread over seeds', async () => {
    const ids = ['sums-0', 'sums-1', 'other'].map(idOf);
    const path = `/compare?runs=${ids.join(',')}&key=reward&points=50`;
    const compared = await get<CompareResponse>(`${path}&band=seed`);
    expect(compared.series.map(({ name, band }) => [name, band])).toEqual([
      ['sums-0', 'sums'],
      ['sums-1', 'sums'],
      ['other', null],
    ]);
    const [band] = compared.bands!;
    // Both runs log the same reward: no spread.
    expect(band).toMatchObject({ name: 'sums', seeds: [0, 1] });
    expect(band!.low).toEqual(band!.high);
    expect(compared.keys).toContain('loss');
    expect((await get<CompareResponse>(path)).bands).toBeUndefined();
  });
});

describe('GET /api/runs/:id/completions', () => {
  const id = idOf('sums-0');
  it('lists the steps that have completions and tokens', async () => {
    expect(await get<CompletionSteps>(`/runs/${id}/completions`)).toEqual({
      kind: 'train',
      steps: [10, 20],
      tokenSteps: [10, 20],
    });
    expect((await get<CompletionSteps>(`/runs/${id}/completions?kind=eval`)).steps).toEqual([]);
  });
  it('has groups with their completions side by side', async () => {
    const page = await get<CompletionsResponse>(`/runs/${id}/completions/10`);
    expect(page).toMatchObject({ total: 2, completions: 4, rewardNames: ['right'] });
    expect(page.groups[1]).toMatchObject({ index: 1, example: 1, size: 2, promptTurns: null });
    expect(page.groups[1]!.completions).toMatchObject([
      { index: 2, finishReason: 'stop', reward: 1, advantage: 0.5, hasTokens: true },
      { index: 3, finishReason: 'length', reward: 0, advantage: -0.5, hasTokens: true },
    ]);
  });
  it('filters and pages', async () => {
    const cut = await get<CompletionsResponse>(`/runs/${id}/completions/10?finish=length&limit=1`);
    expect(cut).toMatchObject({ total: 2, completions: 2 });
    expect(cut.groups.flatMap(({ completions }) => completions.map(({ index }) => index))).toEqual([
      1,
    ]);
    const next = await get<CompletionsResponse>(
      `/runs/${id}/completions/10?finish=length&limit=1&offset=1`,
    );
    expect(next.groups[0]!.completions.map(({ index }) => index)).toEqual([3]);
    const found = await get<CompletionsResponse>(`/runs/${id}/completions/10?q=IT%20IS%203`);
    expect(found.groups.map(({ example }) => example)).toEqual([1]);
  });
  it('follows one prompt over the steps', async () => {
    const history = await get<PromptHistory>(`/runs/${id}/prompt/1`);
    expect(history.groups.map(({ step, example }) => [step, example])).toEqual([
      [10, 1],
      [20, 1],
    ]);
    expect(history.groups[1]!.completions[0]!.text).toBe('It is 3. Step 20 — 你好');
  });
  it('reads a file again that was written anew', async () => {
    const file = join(root, 'sums-0', 'completions', 'step_00030.jsonl');
    const page = async () => (await get<CompletionsResponse>(`/runs/${id}/completions/30`)).total;
    writeFileSync(file, '');
    expect(await page()).toBe(0);
    writeFileSync(
      file,
      '{"step":30,"example":0,"prompt":"p","completions":[{"text":"t","length":1,"finish_reason":"stop","reward":1,"rewards":{},"advantage":0}]}\n',
    );
    expect(await page()).toBe(1);
  });
  it('says which line of a file is damaged', async () => {
    writeFileSync(join(root, 'sums-0', 'completions', 'step_00040.jsonl'), '{"step":40,"exam');
    const { status, error } = await problem(`/runs/${id}/completions/40`);
    expect(status).toBe(422);
    expect(error).toContain('step_00040.jsonl:1');
  });
});

describe('GET /api/runs/:id/tokens/:step/:completion', () => {
  const id = idOf('sums-0');
  it('has the text and the numbers of each token, and those left out of training', async () => {
    const { tokens, promptLength, note } = await get<TokensResponse>(`/runs/${id}/tokens/10/2`);
    expect(note).toBeNull();
    expect(promptLength).toBe(15);
    // One byte a token: 你 shows as three pieces.
    expect(tokens.map(({ text }) => text).join('')).toBe(
      'It is 3. Step 10 ⟨E2⟩⟨80⟩⟨94⟩ ⟨E4⟩⟨BD⟩⟨A0⟩⟨E5⟩⟨A5⟩⟨BD⟩',
    );
    expect(tokens.map(({ trained }) => trained).indexOf(false)).toBe(2);
    expect(tokens[0]).toMatchObject({ text: 'I', advantage: 0.5, ratio: 1 });
  });
  it('finds tokens that a later step trained on', async () => {
    const columns = {
      offsets: [0, 1],
      completionSteps: [50],
      completions: [3],
      promptLengths: [4],
      positions: [0],
      tokenIds: [65],
      logprobs: [-1],
      entropies: [0],
      advantages: [0],
      ratios: [1],
      trainedMask: [1],
    };
    writeTokens(join(root, 'sums-0'), 51, columns);
    expect((await get<TokensResponse>(`/runs/${id}/tokens/50/3`)).tokens).toHaveLength(1);
    expect((await problem(`/runs/${id}/tokens/50/2`)).error).toContain('no tokens are stored');
  });
  it('shows numbers and says why where there is no tokenizer', async () => {
    makeFakeRun(root, {
      name: 'unknown',
      completionSteps: [1],
      options: { tokenizer: null, model_name_or_path: 'no/such-model' },
    });
    const find = async () =>
      (await get<RunsResponse>('/runs')).runs.find(({ name }) => name === 'unknown')?.id;
    await expect.poll(find).toBeDefined();
    const unknown = await find();
    const { tokens, note } = await get<TokensResponse>(`/runs/${unknown}/tokens/1/0`);
    expect(tokens[0]!.text).toBe(`⟨${tokens[0]!.id}⟩`);
    expect(note).toContain('no/such-model');
  });
  it('says that a file is cut short', async () => {
    mkdirSync(join(root, 'sums-1', 'tokens'), { recursive: true });
    writeFileSync(join(root, 'sums-1', 'tokens', 'step_00001.safetensors'), 'short');
    expect(await problem(`/runs/${idOf('sums-1')}/tokens/1/0`)).toMatchObject({ status: 422 });
  });
});

describe('POST /api/runs/:id/annotations', () => {
  it('keeps names, notes and tags, in the run’s folder too', async () => {
    const id = idOf('other');
    const body = JSON.stringify({
      name: 'The other',
      notes: 'Look <again>.',
      tags: ['odd', 'kept'],
    });
    const headers = { ...bearer(dashboard), ...jsonHeaders };
    const { status } = await ask(dashboard, `/api/runs/${id}/annotations`, {
      method: 'POST',
      headers,
      body,
    });
    expect(status).toBe(200);
    const { run } = await get<RunPage>(`/runs/${id}`);
    expect(run).toMatchObject({ name: 'The other', notes: 'Look <again>.', tags: ['kept', 'odd'] });
  });
});

describe('a run whose options cannot be read', () => {
  it('is shown with all else, and says what is wrong with its file', async () => {
    const own = newFolder();
    makeFakeRun(own, { name: 'odd' });
    const odd = await testDashboard(own);
    writeFileSync(join(own, 'odd', 'config.yaml'), `${'['.repeat(100_000)}`);
    expect((await getJson<RunsResponse>(odd, '/api/runs')).runs).toHaveLength(1);
    const { status, text } = await ask(odd, '/api/runs/1', { headers: bearer(odd) });
    expect(status).toBe(422);
    expect(text).toContain('config.yaml');
    // The server is as well as before.
    expect(
      (await getJson<SeriesResponse>(odd, '/api/runs/1/series?keys=reward')).series,
    ).toHaveLength(1);
  });
});
