import type {
  ActionResponse,
  AnnotationsRequest,
  AnnotationsResponse,
  CompareResponse,
  CompletionKind,
  CompletionSteps,
  CompletionsResponse,
  PapersResponse,
  PaperView,
  Problem,
  PromptHistory,
  RunPage,
  RunsResponse,
  SeriesResponse,
  SubscriptionRequest,
  SubscriptionResponse,
  TokensResponse,
  XAxis,
} from '../../src/server/api.ts';

/** An answer that says what went wrong; status 0 where no server answered. */
export class ApiError extends Error {
  override name = 'ApiError';
  readonly status: number;

  constructor(message: string, status: number, options?: ErrorOptions) {
    super(message, options);
    this.status = status;
  }
}

/** Values of a query; what is undefined or null is left out. */
export type Query = Readonly<Record<string, string | number | null | undefined>>;

/** Reads an address below `/api`. */
export function getJson<T>(path: string, query: Query = {}, signal?: AbortSignal): Promise<T> {
  const given = Object.entries(query).filter(([, value]) => value !== undefined && value !== null);
  const text = new URLSearchParams(given.map(([name, value]) => [name, String(value)])).toString();
  return request<T>(`/api${path}${text === '' ? '' : `?${text}`}`, { signal: signal ?? null });
}

/** Asks the server to do something. */
export function postJson<T>(path: string, body: unknown = {}): Promise<T> {
  return request<T>(`/api${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
}

async function request<T>(url: string, options: RequestInit): Promise<T> {
  const response = await fetch(url, { credentials: 'same-origin', ...options }).catch((cause) => {
    if ((cause as Error).name === 'AbortError') throw cause;
    throw new ApiError('The server does not answer.', 0, { cause });
  });
  if (response.ok) return (await response.json()) as T;
  const problem = (await response.json().catch(() => ({}))) as Partial<Problem>;
  throw new ApiError(
    problem.error ?? `The server answered ${response.status} to ${url}.`,
    response.status,
  );
}

/** What the series of a run are asked for with. */
export interface SeriesQuery {
  readonly keys: readonly string[];
  readonly x: XAxis;
  readonly from?: number | undefined;
  readonly to?: number | undefined;
  readonly points?: number;
}

/** What a comparison is asked for with. */
export interface CompareQuery {
  readonly runs: readonly number[];
  readonly key: string;
  readonly x: XAxis;
  readonly band: 'seed' | null;
  readonly from?: number | undefined;
  readonly to?: number | undefined;
}

/** Every address the pages use, with the type of its answer. */
export const api = {
  runs: (signal?: AbortSignal) => getJson<RunsResponse>('/runs', {}, signal),
  run: (id: number, signal?: AbortSignal) => getJson<RunPage>(`/runs/${id}`, {}, signal),
  series: (id: number, { keys, ...rest }: SeriesQuery, signal?: AbortSignal) =>
    getJson<SeriesResponse>(`/runs/${id}/series`, { keys: keys.join(','), ...rest }, signal),
  compare: ({ runs, ...rest }: CompareQuery, signal?: AbortSignal) =>
    getJson<CompareResponse>('/compare', { runs: runs.join(','), points: 600, ...rest }, signal),
  completionSteps: (id: number, kind: CompletionKind, signal?: AbortSignal) =>
    getJson<CompletionSteps>(`/runs/${id}/completions`, { kind }, signal),
  completions: (id: number, step: number, query: Query, signal?: AbortSignal) =>
    getJson<CompletionsResponse>(`/runs/${id}/completions/${step}`, query, signal),
  tokens: (id: number, step: number, completion: number, signal?: AbortSignal) =>
    getJson<TokensResponse>(`/runs/${id}/tokens/${step}/${completion}`, {}, signal),
  prompt: (id: number, example: number, kind: CompletionKind, signal?: AbortSignal) =>
    getJson<PromptHistory>(`/runs/${id}/prompt/${example}`, { kind }, signal),
  annotate: (id: number, changes: AnnotationsRequest) =>
    postJson<AnnotationsResponse>(`/runs/${id}/annotations`, changes),
  papers: (q: string, signal?: AbortSignal) =>
    getJson<PapersResponse>('/papers', { q: q === '' ? null : q }, signal),
  paper: (name: string, signal?: AbortSignal) =>
    getJson<PaperView>(`/papers/${encodeURIComponent(name)}`, {}, signal),
  subscribe: (body: SubscriptionRequest) => postJson<SubscriptionResponse>('/subscriptions', body),
  stop: (id: number) => postJson<ActionResponse>(`/runs/${id}/stop`),
  resume: (id: number) => postJson<ActionResponse>(`/runs/${id}/resume`),
};
