import { Hono } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import { HTTPException } from 'hono/http-exception';
import { z } from 'zod';
import { LaurelError } from '../../errors.ts';
import type { Answer, AnswerDesk, Recommendation } from '../answer-desk.ts';
import { MicroBatcher, type MicroBatcherOptions } from './micro-batcher.ts';
import {
  type Asking,
  type RecommendationRequest,
  requestSchema,
} from './recommendation-request.ts';

/** The largest request. */
const MOST_BODY_BYTES = 1024 * 1024;

export interface RecommendationAppOptions extends MicroBatcherOptions {
  readonly desk: AnswerDesk;
  /** For `/health`: the folder's name and what it is. */
  readonly about: Readonly<Record<string, string | number>>;
  /** What users took, by their name; none unless given. */
  readonly users?: ReadonlyMap<string, readonly number[]>;
}

interface Task {
  readonly history: readonly number[];
  readonly count: number;
}

/** One history's answer. */
interface AnswerBody extends Answer {
  readonly items: readonly Recommendation[];
  /** How many keys of the history the catalogue does not have; they were skipped. */
  readonly unknownCount: number;
  readonly unknown: readonly string[];
}

/** Answers tasks in groups of one count: how wide a search is does not depend on its company. */
async function answerTasks(desk: AnswerDesk, tasks: readonly Task[]): Promise<Answer[]> {
  const answers: Answer[] = Array(tasks.length);
  for (const count of new Set(tasks.map((task) => task.count))) {
    const places = [...tasks.keys()].filter((place) => tasks[place]!.count === count);
    const histories = places.map((place) => tasks[place]!.history);
    const given = await desk.answer(histories, count);
    for (const [row, place] of places.entries()) answers[place] = given[row]!;
  }
  return answers;
}

function userHistory(
  users: RecommendationAppOptions['users'],
  user: string,
): { history: readonly number[]; unknown: readonly string[] } {
  const history = users?.get(user);
  if (history !== undefined) return { history, unknown: [] };
  const message =
    users === undefined
      ? 'this server knows no users; send a history, or start it with --data FOLDER'
      : `user ${JSON.stringify(user)} is not in the data; send what they took as a history`;
  throw new HTTPException(users === undefined ? 400 : 404, { message });
}

async function parsed(text: Promise<string>): Promise<RecommendationRequest> {
  let json: unknown;
  try {
    json = JSON.parse(await text);
  } catch (cause) {
    throw new HTTPException(400, {
      message: 'the request is not valid JSON; send {"history": ["key", …]}',
      cause,
    });
  }
  const result = requestSchema(json).safeParse(json);
  if (result.success) return result.data;
  throw new HTTPException(400, {
    message: `the request has problems:\n${z.prettifyError(result.error)}`,
  });
}

function onError(error: Error): Response {
  if (error instanceof HTTPException)
    return Response.json({ error: error.message }, { status: error.status });
  if (error instanceof LaurelError) return Response.json({ error: error.message }, { status: 422 });
  console.error(error);
  return Response.json({ error: 'the server failed; its terminal says how' }, { status: 500 });
}

const tooLarge = (): never => {
  throw new HTTPException(413, {
    message: `a request may have ${MOST_BODY_BYTES / 1024} KiB at most; send fewer histories at a time`,
  });
};

/** `POST /recommendations` and `GET /health` as a function from request to answer. */
export function recommendationApp({
  desk,
  about,
  users,
  ...batching
}: RecommendationAppOptions): Hono {
  const batcher = new MicroBatcher<Task, Answer>((tasks) => answerTasks(desk, tasks), batching);
  const answerOne = async ({ history: keys, user }: Asking, count: number): Promise<AnswerBody> => {
    const { history, unknown } = user === undefined ? desk.read(keys!) : userHistory(users, user);
    const answer = await batcher.submit({ history, count });
    return { ...answer, unknownCount: unknown.length, unknown };
  };
  const app = new Hono();
  app.onError(onError);
  app.notFound(() =>
    Response.json(
      { error: 'there is no such address; POST /recommendations or GET /health' },
      { status: 404 },
    ),
  );
  app.get('/health', (context) => context.json({ status: 'ok', ...about }));
  app.post(
    '/recommendations',
    bodyLimit({ maxSize: MOST_BODY_BYTES, onError: tooLarge }),
    async (context) => {
      const request = await parsed(context.req.text());
      const { count } = request;
      if (!('requests' in request)) return context.json(await answerOne(request, count));
      const results = await Promise.all(request.requests.map((each) => answerOne(each, count)));
      return context.json({ results });
    },
  );
  return app;
}
