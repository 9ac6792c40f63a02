import { readFileSync } from 'node:fs';
import { expect, test, vi } from 'vitest';
import { writeRecommendationData } from '../../src/recommendation/data-folder.ts';
import {
  type Evaluation,
  saveRecommender,
  semanticLanguage,
} from '../../src/recommendation/index.ts';
import { workplace } from '../support/laurel-command.ts';
import { tinyData } from '../support/tiny-catalogue.ts';
import { tinyPolicy } from '../support/tiny-policy.ts';

// Each test starts processes, which takes long on a busy machine.
vi.setConfig({ testTimeout: 240_000 });

const { laurel, path } = workplace();
writeRecommendationData(path('data-set'), tinyData);
const language = semanticLanguage(tinyData, { maxHistory: 4 });
const policy = tinyPolicy({ tokenizer: language.tokenizer });
saveRecommender(path('model'), { policy, language, data: tinyData });

const recommend = (...args: string[]) => laurel(['recommend', ...args]);

test('evaluate measures a model beside popularity and writes what it measured', async () => {
  const { code, stdout, stderr } = await recommend(
    ...['evaluate', 'model', '--data', 'data-set', '--ks', '1,6', '--json', 'measured.json'],
  );
  expect(code, stderr).toBe(0);
  // All six items are ranked, so that every target is found.
  expect(stdout).toMatch(/\| HR +\| +@1 \| +@6 \|/);
  expect(stdout).toMatch(/\| model +\| +\S+ ± \S+ \| 1\.0000 ± 0\.0000 \|/);
  expect(stdout).toMatch(/\| model +\| +0\.0% \| +0 \| +3 \(37\.5%\) \|/);
  expect(stdout).toContain(
    '8 questions, each ranked over all items, those of its history among them; ±',
  );
  expect(stderr).toMatch(/model: 8 of 8 users, \d+\/s/);
  const measured: Evaluation[] = JSON.parse(readFileSync(path('measured.json'), 'utf8'));
  expect(measured.map(({ name }) => name)).toEqual(['popularity', 'model']);
  // Test targets 4 5 0 1 2 3 4 5 by popularity, whose order is 1 2 0 3 4 5.
  expect(measured[0]!.ranks).toEqual([5, 6, 3, 1, 2, 4, 5, 6]);
});

test('evaluate leaves the items of histories out where asked, for all alike, and says so', async () => {
  const { code, stdout, stderr } = await recommend(
    ...['evaluate', 'model', '--data', 'data-set', '--ks', '1,2', '--json', 'left-out.json'],
    ...['--history-items', 'left-out'],
  );
  expect(code, stderr).toBe(0);
  expect(stdout).toContain(
    '8 questions, each ranked over all items except those of its history; ±',
  );
  const measured: (Evaluation & { historyItems: string })[] = JSON.parse(
    readFileSync(path('left-out.json'), 'utf8'),
  );
  expect(measured.map(({ historyItems }) => historyItems)).toEqual(['left-out', 'left-out']);
  for (const { cutOffs } of measured)
    for (const { repetition } of cutOffs) expect(repetition).toBe(0);
  // Four of six items are in each history, so that the two others are the list. Popularity's order is 1 2 0 3 4 5:
  // targets 4 5 0 1 2 3 4 5 beside 5 0 1 2 3 4 5 0.
  expect(measured[0]!.ranks).toEqual([1, 2, 2, 1, 1, 1, 1, 2]);
  for (const rank of measured[1]!.ranks) expect([1, 2]).toContain(rank);
});

test('evaluate refuses a data set of other items', async () => {
  writeRecommendationData(path('other'), { ...tinyData, items: tinyData.items.toReversed() });
  const { code, stderr } = await recommend('evaluate', 'model', '--data', 'other');
  expect(code).toBe(2);
  expect(stderr).toContain('differs from place 0 on');
});

test('recommend answers a user or a history, and names what it skipped', async () => {
  const user = await recommend(
    ...['recommend', 'model', '--user', 'u0', '--data', 'data-set', '--json'],
  );
  expect(user.code, user.stderr).toBe(0);
  // The user took items 0 to 3 and then 4, the answer of the test question.
  const history = await recommend(
    ...['recommend', 'model', '--history', 'p1, p2,p3,p4,nothing,p5', '--json'],
  );
  expect(history.stderr).toContain('Skipped, not among the 6 items of tiny: "nothing"');
  expect(JSON.parse(history.stdout).items).toEqual(JSON.parse(user.stdout).items);
  expect(JSON.parse(history.stdout)).toMatchObject({ basis: 'history', unknownCount: 1 });
  const some = await recommend('recommend', 'model', '--history', 'p1', '--count', '2');
  expect(some.stdout.trim().split('\n')).toHaveLength(2);
  expect(some.stdout).toMatch(/^ {2}1 +-\d\.\d{3} {2}p\d {2}\S/);
});

test('recommend says what to do about an unknown user, or no question', async () => {
  const unknown = await recommend(...['recommend', 'model', '--user', 'x', '--data', 'data-set']);
  expect([unknown.code, unknown.stderr]).toEqual([
    2,
    'user: "x" is not in data-set; give what they took as --history KEY,KEY,…\n',
  ]);
  expect((await recommend('recommend', 'model')).stderr).toContain('give --user or --history');
  expect((await recommend('recommend', 'data-set', '--history', 'p1')).stderr).toContain(
    'no recommender.json (found about.json',
  );
});

/** Starts a server, uses it, asks it to end. @returns how it ended. */
async function served(args: readonly string[], use: (origin: string) => Promise<void>) {
  let used: Promise<void> | undefined;
  const ended = await laurel(['recommend', 'serve', ...args, '--port', '0'], {
    onStart: (child) => {
      child.stdout!.once('data', (line: Buffer) => {
        used = use(line.toString().trim()).finally(() => child.kill('SIGTERM'));
      });
    },
  });
  await used;
  return ended;
}

const ask = async (origin: string, body: unknown) => {
  const response = await fetch(`${origin}/recommendations`, {
    method: 'POST',
    body: typeof body === 'string' ? body : JSON.stringify(body),
  });
  return { status: response.status, body: (await response.json()) as Record<string, unknown> };
};

test('serve answers histories, users and batches, refuses the rest, and finishes what is under way', async () => {
  let late: ReturnType<typeof ask> | undefined;
  const ended = await served(['model', '--data', 'data-set'], async (origin) => {
    const health = await (await fetch(`${origin}/health`)).json();
    expect(health).toEqual({
      status: 'ok',
      model: 'model',
      method: 'generative',
      dataset: 'tiny',
      items: 6,
    });
    const user = await ask(origin, { user: 'u0', count: 3 });
    expect(user).toMatchObject({ status: 200, body: { basis: 'history', unknownCount: 0 } });
    expect(user.body['items']).toHaveLength(3);
    const history = { history: ['p1', 'p2', 'p3', 'gone', 'p4', 'p5'] };
    const both = await ask(origin, { requests: [history, { history: ['gone'] }], count: 3 });
    expect(both.body['results']).toMatchObject([
      { basis: 'history', unknown: ['gone'], items: user.body['items'] },
      {
        basis: 'popularity',
        unknownCount: 1,
        items: [{ item: 'p2' }, { item: 'p3' }, { item: 'p1' }],
      },
    ]);
    expect(await ask(origin, '{')).toMatchObject({
      status: 400,
      body: { error: /not valid JSON/ },
    });
    expect(await ask(origin, { user: 'x' })).toMatchObject({ status: 404 });
    for (const wrong of [
      {},
      { user: 'u0', history: [] },
      { history: [1] },
      { history: ['p1'], top: 3 },
      { requests: [] },
    ])
      expect((await ask(origin, wrong)).status).toBe(400);
    expect((await fetch(`${origin}/nothing`)).status).toBe(404);
    late = ask(origin, { requests: Array.from({ length: 64 }, () => history) });
    await new Promise((resolve) => setTimeout(resolve, 20));
  });
  expect(ended.code, ended.stderr).toBe(0);
  expect((await late!).status).toBe(200);
});

test('load prints latencies of a model it serves itself', async () => {
  const { code, stdout, stderr } = await recommend(
    ...['load', 'model', '--requests', '40', '--concurrency', '4'],
  );
  expect(code, stderr).toBe(0);
  expect(stdout).toMatch(/^40 requests, 4 at a time: [\d.]+ requests\/s\nlatency p50 [\d.]+ ms/);
  expect(stdout).toContain('0 failed');
});
