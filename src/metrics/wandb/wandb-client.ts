/**
 * The two requests of Weights & Biases that a run of metrics needs, as its own client makes them (wandb 0.30.0, recorded
 * against a server on loopback): a GraphQL mutation that makes or takes up the run, and its file stream. Left out: system
 * metrics, console output, code, artifacts, files.
 */
import { LaurelError } from '../../errors.ts';

/** Weights & Biases refused, or could not be reached. */
export class WandbError extends LaurelError {
  override name = 'WandbError';
  /** Trying again would not help: the key or the request is wrong. */
  readonly isFinal: boolean;

  constructor(message: string, { isFinal, ...options }: ErrorOptions & { isFinal: boolean }) {
    super(`Weights & Biases: ${message}`, options);
    this.isFinal = isFinal;
  }
}

/** Where runs go, and who sends them. */
export interface WandbAccount {
  readonly apiKey: string;
  readonly baseUrl: string;
  /** Null: the key's default. */
  readonly entity: string | null;
  readonly project: string;
}

/** What a run is made with; the same id again takes it up. */
export interface WandbRunStart {
  readonly id: string;
  readonly displayName: string;
  readonly config: Readonly<Record<string, unknown>>;
}

/** A run as the server has it. */
export interface WandbRun {
  readonly entity: string;
  readonly project: string;
  readonly id: string;
}

/** Part of a run's file stream. */
export interface WandbChunk {
  readonly files: Readonly<
    Record<string, { readonly offset: number; readonly content: readonly string[] }>
  >;
  readonly complete?: boolean;
  readonly exitcode?: number;
}

const TIMEOUT_MS = 15_000;

const upsertBucket = `mutation UpsertBucket($name: String, $project: String, $entity: String, $displayName: String, $config: JSONString) {
  upsertBucket(input: {name: $name, modelName: $project, entityName: $entity, displayName: $displayName, config: $config}) {
    bucket { name project { name entity { name } } }
  }
}`;

/** Makes a run, or takes it up. */
export async function startWandbRun(
  account: WandbAccount,
  { id, displayName, config }: WandbRunStart,
): Promise<WandbRun> {
  const values = Object.entries(config).map(([key, value]) => [key, { value }]);
  const variables = {
    name: id,
    project: account.project,
    entity: account.entity,
    displayName,
    config: JSON.stringify(Object.fromEntries(values)),
  };
  const answer = await post(account, '/graphql', { query: upsertBucket, variables });
  const { data, errors } = answer as {
    data?: {
      upsertBucket?: {
        bucket: { name: string; project: { name: string; entity: { name: string } } };
      };
    };
    errors?: { message: string }[];
  };
  const bucket = data?.upsertBucket?.bucket;
  if (bucket === undefined) {
    const why = errors?.[0]?.message ?? 'the answer holds no run';
    throw new WandbError(`the run was not made: ${why}`, { isFinal: true });
  }
  return { entity: bucket.project.entity.name, project: bucket.project.name, id: bucket.name };
}

/** Sends lines of a run's files. */
export async function sendWandbChunk(
  account: WandbAccount,
  { entity, project, id }: WandbRun,
  chunk: WandbChunk,
): Promise<void> {
  const path = [entity, project, id].map(encodeURIComponent).join('/');
  await post(account, `/files/${path}/file_stream`, chunk);
}

async function post(
  { apiKey, baseUrl }: WandbAccount,
  path: string,
  body: object,
): Promise<unknown> {
  const url = `${baseUrl.replace(/\/$/, '')}${path}`;
  const answer = await fetch(url, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      authorization: `Basic ${Buffer.from(`api:${apiKey}`).toString('base64')}`,
    },
    body: JSON.stringify(body),
    signal: AbortSignal.timeout(TIMEOUT_MS),
  }).catch((cause: Error) => {
    const reason = cause.cause instanceof Error ? cause.cause.message : cause.message;
    throw new WandbError(`${url} cannot be reached: ${reason}`, { cause, isFinal: false });
  });
  if (answer.ok) return answer.json().catch(() => ({}));
  const isFinal = answer.status < 500 && answer.status !== 429 && answer.status !== 408;
  const advice = answer.status === 401 ? '; see WANDB_API_KEY' : '';
  throw new WandbError(`${url} answered ${answer.status}${advice}`, { isFinal });
}
