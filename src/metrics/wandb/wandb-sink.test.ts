import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import {
  type Answer,
  type RecordedRequest,
  recordingServer,
} from '../../../test/support/recording-server.ts';
import { temporaryRoots } from '../../../test/support/temporary-root.ts';
import { type Metrics, WandbSink, wandbAccount } from '../index.ts';

const newFolder = temporaryRoots();

/** The answer to the mutation, for the run that it names. */
const made = ({ body }: RecordedRequest): Answer => {
  const { name } = (body as { variables: { name: string } }).variables;
  const project = { name: 'sums', entity: { name: 'me' } };
  return { status: 200, body: { data: { upsertBucket: { bucket: { name, project } } } } };
};

const usual = (request: RecordedRequest): Answer =>
  request.path === '/graphql' ? made(request) : { status: 200 };

function sinkTo(baseUrl: string, folder = newFolder()) {
  const warnings: string[] = [];
  const sink = new WandbSink({
    account: { apiKey: 'secret', baseUrl, entity: null, project: 'sums' },
    folder,
    name: 'first',
    config: { seed: 1 },
    warn: (message) => void warnings.push(message),
    sendMs: 10,
  });
  const log = (step: number, metrics: Metrics) => sink.write({ step, time: 1000 + step, metrics });
  return { sink, log, warnings, folder };
}

interface Chunk {
  files: { 'wandb-history.jsonl': { offset: number; content: string[] } };
  complete?: boolean;
  exitcode?: number;
}

/** The rows that arrived, each at its place. */
function historyOf(requests: readonly RecordedRequest[]): unknown[] {
  const rows: unknown[] = [];
  for (const { path, body } of requests) {
    if (path === '/graphql') continue;
    const { offset, content } = (body as Chunk).files['wandb-history.jsonl'];
    content.forEach((row, i) => {
      rows[offset + i] = JSON.parse(row);
    });
  }
  return rows;
}

const pause = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds));

describe('the sink for Weights & Biases', () => {
  it('makes the run, sends a row for each step with its evaluation, and says that it is over', async () => {
    const { url, requests } = await recordingServer(usual);
    const { sink, log, warnings, folder } = sinkTo(url);
    log(1, { loss: 2 });
    log(2, { loss: 1, reward: null });
    await pause(50);
    log(2, { eval_loss: 1.5 });
    sink.end('finished');
    await sink.close();
    const [first] = requests as [RecordedRequest];
    expect(first.path).toBe('/graphql');
    // base64('api:secret')
    expect(first.authorization).toBe('Basic YXBpOnNlY3JldA==');
    const { variables } = first.body as { variables: { name: string } };
    expect(variables).toEqual({
      name: expect.stringMatching(/^[0-9a-f]{8}$/),
      project: 'sums',
      entity: null,
      displayName: 'first',
      config: '{"seed":{"value":1}}',
    });
    expect(requests.slice(1).map(({ path }) => path)).toEqual(
      Array(requests.length - 1).fill(`/files/me/sums/${variables.name}/file_stream`),
    );
    expect(historyOf(requests)).toEqual([
      { _step: 1, _timestamp: 1001, loss: 2 },
      { _step: 2, _timestamp: 1002, loss: 1, eval_loss: 1.5 },
    ]);
    expect(requests.at(-1)!.body).toMatchObject({ complete: true, exitcode: 0 });
    expect(requests.filter(({ body }) => (body as Chunk).complete)).toHaveLength(1);
    expect(JSON.parse(readFileSync(join(folder, 'wandb.json'), 'utf8'))).toEqual({
      id: variables.name,
      lines: 2,
      lastStep: 2,
    });
    expect(warnings).toEqual([]);
  });
  it('takes a resumed run up under its id, and sends no step twice', async () => {
    const { url, requests } = await recordingServer(usual);
    const first = sinkTo(url);
    for (const step of [1, 2, 3]) first.log(step, { loss: step });
    first.sink.end('interrupted');
    await first.sink.close();
    expect(requests.at(-1)!.body).toMatchObject({ complete: true, exitcode: 130 });
    const again = sinkTo(url, first.folder);
    for (const step of [3, 4]) again.log(step, { loss: step });
    await again.sink.close();
    const made = requests.filter(({ path }) => path === '/graphql');
    const ids = made.map(({ body }) => (body as { variables: { name: string } }).variables.name);
    expect(new Set(ids).size).toBe(1);
    expect(historyOf(requests).map((row) => (row as { loss: number }).loss)).toEqual([1, 2, 3, 4]);
  });
  it('tries again what could not be sent, and says so once', async () => {
    let failures = 3;
    const { url, requests } = await recordingServer((request) => {
      if (request.path === '/graphql') return made(request);
      return failures-- > 0 ? { status: 503 } : { status: 200 };
    });
    const { sink, log, warnings } = sinkTo(url);
    for (const step of [1, 2, 3]) log(step, { loss: step });
    await vi.waitFor(() => expect(failures).toBeLessThan(0), { timeout: 10_000 });
    await sink.close();
    expect(historyOf(requests)).toHaveLength(3);
    expect(warnings).toEqual([expect.stringMatching(/file_stream answered 503$/)]);
  });
  it('gives up where the key is wrong', async () => {
    const { url, requests } = await recordingServer(() => ({ status: 401 }));
    const { sink, log, warnings } = sinkTo(url);
    for (const step of [1, 2]) log(step, { loss: step });
    await pause(50);
    log(3, { loss: 3 });
    await sink.close();
    expect(requests).toHaveLength(1);
    expect(warnings).toEqual([expect.stringMatching(/answered 401; see WANDB_API_KEY$/)]);
  });
  it('neither throws nor waits long where nobody answers, and says what was not sent', async () => {
    const { url } = await recordingServer(() => undefined);
    const { sink, log, warnings } = sinkTo(url);
    for (const step of [1, 2]) log(step, { loss: step });
    await sink.close();
    expect(warnings).toEqual([
      expect.stringMatching(/cannot be reached/),
      'Weights & Biases: 2 lines were not sent; metrics.jsonl has them',
    ]);
  });
});

describe('wandbAccount', () => {
  it('is what the environment says, as the client of Weights & Biases reads it', () => {
    expect(wandbAccount({})).toBeUndefined();
    expect(wandbAccount({ WANDB_API_KEY: 'k' })).toEqual({
      apiKey: 'k',
      baseUrl: 'https://api.wandb.ai',
      entity: null,
      project: 'laurel',
    });
    const named = { WANDB_PROJECT: 'p', WANDB_ENTITY: 'e', WANDB_BASE_URL: 'http://here' };
    expect(wandbAccount({ WANDB_API_KEY: 'k', ...named })).toEqual({
      apiKey: 'k',
      baseUrl: 'http://here',
      entity: 'e',
      project: 'p',
    });
    for (const mode of ['disabled', 'offline'])
      expect(wandbAccount({ WANDB_API_KEY: 'k', WANDB_MODE: mode })).toBeUndefined();
  });
});
