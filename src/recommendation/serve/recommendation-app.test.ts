import { expect, test } from 'vitest';
import { tinyData } from '../../../test/support/tiny-catalogue.ts';
import { AnswerDesk } from '../answer-desk.ts';
import type { LoadedRecommender, RankedItem } from '../index.ts';
import { recommendationApp } from './index.ts';

const asked: { histories: readonly (readonly number[])[]; count: number }[] = [];

/** Recommends the history's own items backwards; refuses the last item. */
const loaded: LoadedRecommender = {
  method: 'scripted',
  catalogue: {
    method: 'scripted',
    dataset: 'tiny',
    settings: {},
    items: tinyData.items,
    popularity: [...tinyData.popularity],
  },
  recommender: {
    name: 'scripted',
    recommend: async (histories, count) => {
      asked.push({ histories, count });
      if (histories.some((history) => history.includes(5))) throw new Error('cannot');
      return histories.map((history) =>
        history.toReversed().map((item, place): RankedItem => ({ item, score: -place })),
      );
    },
  },
};

const app = recommendationApp({
  desk: new AnswerDesk(loaded),
  about: { model: 'scripted' },
});

async function post(body: unknown) {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  const response = await app.request('/recommendations', { method: 'POST', body: text });
  return { status: response.status, body: await response.json() };
}

test('an answer has keys, titles and scores, and says which keys were skipped', async () => {
  expect(await post({ history: ['p1', 'lost', 'p3'], count: 1 })).toEqual({
    status: 200,
    body: {
      basis: 'history',
      items: [{ item: 'p3', title: 'Red pen, 12 pens', score: 0 }],
      unknownCount: 1,
      unknown: ['lost'],
    },
  });
});

test('requests that arrive together are searched together, one count at a time', async () => {
  asked.length = 0;
  await Promise.all([
    post({ history: ['p1'], count: 2 }),
    post({ requests: [{ history: ['p2'] }, { history: ['p3'] }], count: 2 }),
    post({ history: ['p4'], count: 6 }),
  ]);
  expect(asked).toEqual([
    { histories: [[0], [1], [2]], count: 2 },
    { histories: [[3]], count: 6 },
  ]);
});

test('a request that is wrong is refused with what is wrong', async () => {
  const messages = [
    [{}, /either a history \(keys of items, oldest first\) or a user/],
    [{ history: ['p1'], user: 'u' }, /either a history/],
    [{ history: [1] }, /history\[0\]/],
    [{ history: ['p1'], count: 0 }, /count/],
    [{ history: ['p1'], top: 3 }, /Unrecognized key: "top"/],
    [{ requests: [{ history: ['p1'] }, {}] }, /requests\[1\]/],
    ['[', /not valid JSON/],
    [{ user: 'u0' }, /this server knows no users/],
  ] as const;
  for (const [body, message] of messages)
    expect(await post(body)).toMatchObject({
      status: 400,
      body: { error: expect.stringMatching(message) },
    });
});

test('a request that is too large is refused', async () => {
  const history = Array.from({ length: 1100 }, () => 'x'.repeat(1000));
  expect(await post({ history })).toMatchObject({
    status: 413,
    body: { error: 'a request may have 1024 KiB at most; send fewer histories at a time' },
  });
});

test('what the recommender cannot do is an error of the server, and the next request is answered', async () => {
  const { error } = console;
  console.error = () => undefined;
  expect(await post({ history: ['p6'] })).toMatchObject({ status: 500 });
  console.error = error;
  expect(await post({ history: ['p1'] })).toMatchObject({ status: 200 });
});

test('other addresses do not exist; health says what is served', async () => {
  expect((await app.request('/')).status).toBe(404);
  expect(await (await app.request('/health')).json()).toEqual({ status: 'ok', model: 'scripted' });
});
