import { z } from 'zod';

/** An interval around a number, and what it is the spread of. */
const spread = z.strictObject({
  low: z.number(),
  high: z.number(),
  /** In words: `95% bootstrap interval over runs`. */
  of: z.string().min(1),
});

/** The one number that a paper's row in a table shows: ours beside the paper's. */
const headline = z.strictObject({
  /** What was measured, in a few words. */
  name: z.string().min(1),
  /** Null where it has not been measured yet. */
  ours: z.number().nullable(),
  /** Null where the paper gives none. */
  paper: z.number().nullable(),
  /** `percent` is a number such as −24.4; `''`: none. */
  unit: z.string(),
  spread: spread.nullable(),
  seeds: z.array(z.int()),
  /** What finds it again. */
  command: z.string().min(1),
});

/** One finding of a paper, looked for here. */
const check = z.strictObject({
  /** Stable, kebab-case. */
  id: z.string().regex(/^[a-z0-9-]+$/),
  /** The finding, as a sentence. */
  finding: z.string().min(1),
  /** What the paper reports, in its words and numbers. */
  paper: z.string().min(1),
  /** What was found here, with interval and seeds. */
  ours: z.string().min(1),
  verdict: z.enum(['appears', 'partly', 'does not appear', 'not measured']),
  /** Why, where it does not appear as in the paper. */
  note: z.string().nullable(),
  /** Names of plots that show it. */
  plots: z.array(z.string()),
});

const plot = z.strictObject({
  /** An SVG file beside the record. */
  file: z.string().regex(/^[\w./-]+\.svg$/),
  title: z.string().min(1),
  caption: z.string().min(1),
});

const cells = z.strictObject({
  planned: z.int().min(0),
  done: z.int().min(0),
  /** Names of those that are not there. */
  missing: z.array(z.string()),
  /** Seconds of computing, all cells together. */
  seconds: z.number().min(0),
});

/**
 * What a reproduction found: `src/papers/<name>/results/results.json`, beside `results.md` and the plots. The page of
 * papers reads it.
 */
export const resultsRecordSchema = z.strictObject({
  /** The paper's folder. */
  paper: z.string().regex(/^[a-z0-9-]+$/),
  /** When the last cell finished, ISO 8601. */
  recordedAt: z.iso.datetime(),
  laurelVersion: z.string(),
  /** What decides the bits of the numbers besides the seed: the distinct fingerprints of the cells. */
  machines: z.array(z.record(z.string(), z.union([z.string(), z.number()]))),
  command: z.string().min(1),
  headline,
  checks: z.array(check),
  plots: z.array(plot),
  cells,
});

export type ResultsRecord = z.infer<typeof resultsRecordSchema>;
export type Headline = ResultsRecord['headline'];
export type Check = ResultsRecord['checks'][number];
export type Plot = ResultsRecord['plots'][number];

/** A record as its file holds it. */
export const serializeResults = (record: ResultsRecord): string =>
  `${JSON.stringify(record, null, 2)}\n`;

/** Reads a record. @throws ZodError naming what does not fit. */
export const parseResults = (contents: string): ResultsRecord =>
  resultsRecordSchema.parse(JSON.parse(contents));
