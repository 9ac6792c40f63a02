/**
 * What the dashboard's server answers, as JSON; types only, so that the browser's code imports them without the server's.
 * Every answer with a status of 400 or more is a {@link Problem}. Times are ISO 8601 in runs and attempts, seconds
 * since 1970 in points and events.
 */

import type {
  MetricsLine,
  RunEvent,
  RunState,
  Series,
  StoredRun,
  XAxis,
} from '../runs/store/stored-run.ts';

export type { MetricsLine, RunEvent, RunState, Series, StoredRun, XAxis };

/** What went wrong, and what to do about it. */
export interface Problem {
  readonly error: string;
}

/** A run in the table: `GET /api/runs`. */
export interface RunRow extends StoredRun {
  /** At most 60 values of `sparklineKey`, oldest first; empty where there is none yet. */
  readonly sparkline: readonly number[];
  /** `reward`, else `eval_reward`, else `loss`; null where the run logged none of them. */
  readonly sparklineKey: string | null;
}

export interface RunsResponse {
  readonly runs: readonly RunRow[];
}

/** One process's work on a run. */
export interface AttemptView {
  /** From 1. */
  readonly number: number;
  readonly startedAt: string;
  readonly endedAt: string | null;
  /** Null while it runs, and where its process vanished. */
  readonly outcome: 'finished' | 'interrupted' | 'failed' | null;
  readonly reason: string | null;
  readonly fromStep: number;
  readonly lastStep: number | null;
  readonly host: string;
  readonly pid: number;
  readonly commit: string | null;
  readonly hasLocalChanges: boolean;
  readonly command: readonly string[];
  /** libtorch, BLAS, core name, threads …: what decides the bits of a result. */
  readonly fingerprint: Readonly<Record<string, unknown>>;
}

/** One option of a run, in YAML's naming; of nested options, one entry each: `model.hidden_size`. */
export interface ConfigEntry {
  readonly key: string;
  readonly value: unknown;
  /** Null also where the option has no default. */
  readonly default: unknown;
  readonly differs: boolean;
  readonly group: string;
  readonly description: string;
}

/** A metric that the run logged, with its definition from the metric table. */
export interface MetricView {
  readonly key: string;
  /** What precedes the first `/`, without `eval_`; `evaluation` for keys under `eval_`, `training` for plain ones. */
  readonly group: string;
  /** Empty where the table has none. */
  readonly unit: string;
  readonly definition: string;
  readonly estimator: string;
  readonly last: number | null;
}

/** The last figures of the machine's work; null where the run logged none. */
export interface SystemFigures {
  readonly tokensPerSecond: number | null;
  readonly stepSeconds: number | null;
  /** Wall seconds of each phase of a step: `generation`, `reward`, `forward_backward` … */
  readonly phases: readonly { readonly name: string; readonly seconds: number }[];
  readonly residentMemoryBytes: number | null;
  readonly liveTensors: number | null;
}

/** Whether a button works, and why it does not. */
export interface ActionState {
  readonly available: boolean;
  readonly reason: string | null;
}

/** One run: `GET /api/runs/:id`. */
export interface RunPage {
  readonly run: StoredRun;
  readonly attempts: readonly AttemptView[];
  readonly config: readonly ConfigEntry[];
  readonly metrics: readonly MetricView[];
  readonly events: readonly RunEvent[];
  readonly system: SystemFigures;
  /** Steps of the whole checkpoints. */
  readonly checkpoints: readonly number[];
  readonly stop: ActionState;
  readonly resume: ActionState;
}

/** `GET /api/runs/:id/series?keys=a,b&x=step&from=&to=&points=600` */
export interface SeriesResponse {
  readonly series: readonly Series[];
}

/** One run's curve in a comparison. */
export interface ComparedSeries extends Series {
  readonly runId: number;
  readonly name: string;
  /** Name of the band that the run is part of: runs of one trainer whose options differ in the seed alone. */
  readonly band: string | null;
}

/** Mean over the runs of a band at each x, and mean ± one standard deviation (Bessel's correction). */
export interface Band {
  readonly name: string;
  readonly runIds: readonly number[];
  readonly x: readonly number[];
  readonly mean: readonly number[];
  readonly low: readonly number[];
  readonly high: readonly number[];
  readonly seeds: readonly number[];
}

/** `GET /api/compare?runs=1,2&key=reward&x=tokens&points=600&band=seed` */
export interface CompareResponse {
  readonly series: readonly ComparedSeries[];
  /** Where asked for with `band=seed`. */
  readonly bands?: readonly Band[];
  /** Keys that any of the runs logged. */
  readonly keys: readonly string[];
}

/** Training groups and those of evaluations are kept apart. */
export type CompletionKind = 'train' | 'eval';

/** `GET /api/runs/:id/completions?kind=train` */
export interface CompletionSteps {
  readonly kind: CompletionKind;
  readonly steps: readonly number[];
  /** Steps whose tokens are stored. */
  readonly tokenSteps: readonly number[];
}

/** One turn of a conversation. */
export interface TurnView {
  readonly role: string;
  readonly content: string;
}

/** One completion of a prompt. */
export interface CompletionView {
  /** Place among the step's completions, group after group; what the address of its tokens has. */
  readonly index: number;
  readonly text: string;
  /** Its turns where it holds several; null for plain text. */
  readonly turns: readonly TurnView[] | null;
  readonly finishReason: 'stop' | 'length';
  readonly length: number;
  /** Weighted sum; null where every reward is missing. */
  readonly reward: number | null;
  readonly rewards: Readonly<Record<string, number | null>>;
  readonly advantage: number | null;
  readonly hasTokens: boolean;
}

/** One prompt and the completions that passed the filter. */
export interface GroupView {
  /** Place of the group in its step. */
  readonly index: number;
  readonly step: number;
  /** Row of the dataset. */
  readonly example: number;
  readonly prompt: string;
  /** The prompt's turns where it is a conversation in a known template; null for plain text. */
  readonly promptTurns: readonly TurnView[] | null;
  readonly completions: readonly CompletionView[];
  /** Completions of the group before the filter. */
  readonly size: number;
}

/**
 * `GET /api/runs/:id/completions/:step?kind=train&q=&finish=&minReward=&maxReward=&minLength=&maxLength=&offset=0&limit=20`
 *
 * A group is listed where any of its completions passes every filter; `q` is looked for in prompt and completion, letter case aside.
 */
export interface CompletionsResponse {
  readonly step: number;
  readonly groups: readonly GroupView[];
  /** Groups that pass the filter, of which `groups` is one page. */
  readonly total: number;
  /** Completions that pass. */
  readonly completions: number;
  /** Names of the rewards, in order. */
  readonly rewardNames: readonly string[];
}

/** One token of a completion. */
export interface TokenView {
  /** What it reads as; a piece of a character that spans tokens shows as its bytes: `⟨E4 BD⟩`. */
  readonly text: string;
  readonly id: number;
  /** Under the policy that sampled, nats. */
  readonly logprob: number | null;
  readonly entropy: number | null;
  readonly advantage: number | null;
  /** Probability under the policy trained / under the policy that sampled. */
  readonly ratio: number | null;
  /** Whether it was trained on; false where a filter or a mask left it out. */
  readonly trained: boolean;
}

/** `GET /api/runs/:id/tokens/:step/:completion` */
export interface TokensResponse {
  readonly tokens: readonly TokenView[];
  readonly promptLength: number | null;
  /** Why texts are missing, where no tokenizer could be read; null where all is well. */
  readonly note: string | null;
}

/** `GET /api/runs/:id/prompt/:example?kind=train`: one prompt over the steps, oldest first. */
export interface PromptHistory {
  readonly example: number;
  readonly kind: CompletionKind;
  /** Of the last 300 steps that have it. */
  readonly groups: readonly GroupView[];
  /** Steps that have it. */
  readonly steps: number;
}

/** `POST /api/runs/:id/annotations`; what is left out stays. */
export interface AnnotationsRequest {
  readonly name?: string;
  readonly notes?: string;
  readonly tags?: readonly string[];
}

export interface AnnotationsResponse {
  readonly run: StoredRun;
}

/** `POST /api/runs/:id/stop` and `/resume`: what was begun. */
export interface ActionResponse {
  readonly pid: number;
  readonly message: string;
}

/**
 * What `GET /api/events` sends (server-sent events), by event name. Each carries an id; a browser that reconnects sends
 * the last one, and what it missed follows, from another server process too.
 */
export interface LiveEvents {
  /** First of every connection. `version` is the server's; `resumed` is false where everything must be fetched anew. */
  readonly hello: { readonly version: string; readonly resumed: boolean };
  /**
   * Runs that are new or differ in state, step, annotations, points or events, and those that were deleted. Of runs in
   * `refetch`, points may have been cut, or are too many to send: their series are to be fetched anew.
   */
  readonly 'runs-changed': {
    readonly ids: readonly number[];
    readonly refetch: readonly number[];
    readonly deleted: readonly number[];
  };
  readonly points: { readonly runId: number; readonly lines: readonly MetricsLine[] };
  readonly 'run-event': RunEvent;
}

/** How far a paper's reproduction is; follows from its commands and what was recorded. */
export type PaperStatus = 'not implemented' | 'runs' | 'reproduced in part' | 'reproduced';

/** The one number of a paper's results: ours beside the paper's. */
export interface HeadlineView {
  readonly name: string;
  /** Null where it has not been measured. */
  readonly ours: number | null;
  /** Null where the paper gives none. */
  readonly paper: number | null;
  /** `percent` is a number such as −24.4; empty: none. */
  readonly unit: string;
  readonly spread: { readonly low: number; readonly high: number; readonly of: string } | null;
  readonly seeds: readonly number[];
  readonly command: string;
}

/** One finding of a paper, looked for here. */
export interface CheckView {
  readonly id: string;
  readonly finding: string;
  readonly paper: string;
  readonly ours: string;
  readonly verdict: 'appears' | 'partly' | 'does not appear' | 'not measured';
  readonly note: string | null;
  /** Files of plots that show it. */
  readonly plots: readonly string[];
}

/** A plot of a paper's results. */
export interface PlotView {
  /** Name in the paper's record; what checks name. */
  readonly file: string;
  readonly url: string;
  readonly title: string;
  readonly caption: string;
}

/** What was recorded of a paper. */
export interface PaperResults {
  readonly recordedAt: string;
  readonly laurelVersion: string;
  readonly command: string;
  readonly headline: HeadlineView;
  readonly checks: readonly CheckView[];
  readonly plots: readonly PlotView[];
  readonly cells: { readonly planned: number; readonly done: number; readonly seconds: number };
}

/** Runs here that belong to a paper. */
export interface PaperActivity {
  readonly runs: number;
  readonly running: number;
  /** Runs that did anything within the last seven days. */
  readonly recent: number;
  /** Null where there are no runs. */
  readonly lastAt: string | null;
}

/** A paper, how far it is reproduced, and what runs of it. */
export interface PaperView {
  readonly name: string;
  readonly shortName: string;
  readonly title: string;
  readonly authors: readonly string[];
  /** When its first version appeared, `YYYY-MM-DD`. */
  readonly date: string;
  readonly arxivId: string;
  readonly url: string;
  readonly claim: string;
  readonly summary: string;
  /** Empty where it is not implemented. */
  readonly commands: readonly { readonly command: string; readonly does: string }[];
  readonly status: PaperStatus;
  readonly results: PaperResults | null;
  readonly activity: PaperActivity;
}

/** `GET /api/papers?q=`: newest first; those in which every word of `q` occurs. */
export interface PapersResponse {
  readonly papers: readonly PaperView[];
  /** Papers before the search. */
  readonly total: number;
  /** Whether the form for digests can send mails. */
  readonly subscribe: ActionState;
}

/** `POST /api/subscriptions` */
export interface SubscriptionRequest {
  readonly email: string;
}

/** Says the same whether or not the address is known. */
export interface SubscriptionResponse {
  readonly message: string;
}
