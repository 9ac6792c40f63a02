import { z } from 'zod';
import { ConfigError } from '../errors.ts';

const positive = z.number().positive();
const count = z.int().positive();

const theta = { rope_theta: positive };

const scalings = z.discriminatedUnion('rope_type', [
  z.object({ rope_type: z.literal('default'), ...theta }),
  z.object({ rope_type: z.literal('linear'), ...theta, factor: positive }),
  z.object({ rope_type: z.literal('dynamic'), ...theta, factor: positive }),
  z.object({
    rope_type: z.literal('yarn'),
    ...theta,
    factor: positive,
    original_max_position_embeddings: count,
    attention_factor: positive.nullish(),
    beta_fast: positive.nullish(),
    beta_slow: positive.nullish(),
    mscale: z.number().nullish(),
    mscale_all_dim: z.number().nullish(),
    truncate: z.boolean().nullish(),
  }),
  z.object({
    rope_type: z.literal('llama3'),
    ...theta,
    factor: positive,
    low_freq_factor: positive,
    high_freq_factor: positive,
    original_max_position_embeddings: count,
  }),
  z.object({
    rope_type: z.literal('longrope'),
    ...theta,
    factor: positive,
    short_factor: z.array(positive),
    long_factor: z.array(positive),
    original_max_position_embeddings: count,
    attention_factor: positive.nullish(),
  }),
]);

type ParsedRope = z.infer<typeof scalings>;

type Camel<Name extends string> = Name extends `${infer Head}_${infer Tail}`
  ? `${Head}${Capitalize<Camel<Tail>>}`
  : Name;

type CamelKeys<Value> = Value extends object
  ? { readonly [Key in keyof Value as Camel<Key & string>]: Value[Key] }
  : never;

/** Rotary embedding: its base and one of transformers' scalings, by `ropeType`. */
export type RopeConfig = CamelKeys<ParsedRope>;

interface Sizes {
  headDim: number;
  maxPositionEmbeddings: number;
}

type Json = Readonly<Record<string, unknown>>;

const isObject = (value: unknown): value is Json =>
  value !== null && typeof value === 'object' && !Array.isArray(value);

/** `rope_scaling` of 4.x, else `rope_parameters` of 5.x (its entry for full attention where it has one per layer type). */
function parametersIn(json: Json): Json {
  const found = json['rope_scaling'] ?? json['rope_parameters'] ?? {};
  if (!isObject(found)) return {};
  const full = found['full_attention'];
  return isObject(full) ? full : found;
}

const needsOriginal = ['yarn', 'llama3', 'longrope'];

/** Fills in what transformers derives: the type's old key, the base, the original context and longrope's factor. */
function standardize(json: Json, maxPositionEmbeddings: number): Record<string, unknown> {
  const given = parametersIn(json);
  const type = given['rope_type'] ?? given['type'] ?? 'default';
  const theta = given['rope_theta'] ?? json['rope_theta'] ?? 10_000;
  const parameters: Record<string, unknown> = { ...given, rope_type: type, rope_theta: theta };
  if (!needsOriginal.includes(String(type))) return parameters;
  const original =
    json['original_max_position_embeddings'] ??
    given['original_max_position_embeddings'] ??
    maxPositionEmbeddings;
  parameters['original_max_position_embeddings'] = original;
  if (type !== 'llama3') parameters['factor'] ??= maxPositionEmbeddings / Number(original);
  return parameters;
}

const toCamel = (name: string): string =>
  name.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());

function refuseBadFactors(rope: ParsedRope, headDim: number, where: string): void {
  if (rope.rope_type !== 'longrope') return;
  for (const key of ['short_factor', 'long_factor'] as const) {
    if (rope[key].length === headDim / 2) continue;
    throw new ConfigError(
      `${where}: rope_scaling.${key} has ${rope[key].length} factors, expected ${headDim / 2}, half the head width`,
    );
  }
}

/**
 * Reads the rotary embedding of either generation of config.json.
 * @throws ConfigError for an unknown rope_type or a missing value.
 */
export function parseRope(
  json: Json,
  { headDim, maxPositionEmbeddings }: Sizes,
  where: string,
): RopeConfig {
  const parsed = scalings.safeParse(standardize(json, maxPositionEmbeddings));
  if (!parsed.success) {
    throw new ConfigError(`${where}: rope_scaling:\n${z.prettifyError(parsed.error)}`);
  }
  refuseBadFactors(parsed.data, headDim, where);
  const entries = Object.entries(parsed.data).filter(([, value]) => value != null);
  return Object.fromEntries(entries.map(([key, value]) => [toCamel(key), value])) as RopeConfig;
}
