import { z } from 'zod';
import type { ConfigSchema } from './config-schema.ts';
import { toSnakeCase } from './naming.ts';

/** What kind of value an option takes; `json` is anything YAML can write. */
export type FieldKind =
  | 'boolean'
  | 'integer'
  | 'number'
  | 'text'
  | 'choice'
  | 'list'
  | 'object'
  | 'json';

/** An option as flags, help, docs and error messages see it, read off the zod schema. */
export interface Field {
  /** In TypeScript: `learningRate`. */
  readonly key: string;
  /** In YAML and flags: `learning_rate`. */
  readonly name: string;
  readonly group: string;
  readonly kind: FieldKind;
  /** The accepted values in words: `number > 0 or null`. */
  readonly accepts: string;
  readonly nullable: boolean;
  readonly required: boolean;
  readonly defaultValue: unknown;
  readonly description: string;
  readonly choices: readonly string[];
  /** Of a list's items. */
  readonly itemKind: FieldKind | undefined;
  /** Of an object with known keys. */
  readonly fields: readonly Field[];
}

interface JsonSchema {
  type?: string | string[];
  anyOf?: JsonSchema[];
  enum?: unknown[];
  const?: unknown;
  default?: unknown;
  description?: string;
  minimum?: number;
  maximum?: number;
  exclusiveMinimum?: number;
  exclusiveMaximum?: number;
  items?: JsonSchema;
  properties?: Record<string, JsonSchema>;
  required?: string[];
}

const listed = new WeakMap<ConfigSchema, readonly Field[]>();

/** Every option of a schema, in the order declared, group by group. */
export function listFields(schema: ConfigSchema): readonly Field[] {
  const known = listed.get(schema);
  if (known !== undefined) return known;
  const fields = Object.values(schema.groups).flatMap(({ title, fields: group }) =>
    fieldsOf(z.toJSONSchema(group, { io: 'input', unrepresentable: 'any' }) as JsonSchema, title),
  );
  listed.set(schema, fields);
  return fields;
}

function fieldsOf({ properties = {}, required = [] }: JsonSchema, group: string): Field[] {
  return Object.entries(properties).map(([key, json]) => {
    const alternatives = alternativesOf(json).filter(({ type }) => type !== 'null');
    const [only] = alternatives;
    const single = alternatives.length === 1 ? only : undefined;
    return {
      key,
      name: toSnakeCase(key),
      group,
      kind: single === undefined ? 'json' : kindOf(single),
      accepts: acceptsOf(json),
      nullable: alternatives.length < alternativesOf(json).length,
      required: required.includes(key),
      defaultValue: json.default,
      description: json.description ?? '',
      choices: (single?.enum ?? []).map(String),
      itemKind: single?.items === undefined ? undefined : kindOf(single.items),
      fields: single?.properties === undefined ? [] : fieldsOf(single, group),
    };
  });
}

function alternativesOf(json: JsonSchema): JsonSchema[] {
  if (json.anyOf !== undefined) return json.anyOf.flatMap(alternativesOf);
  return Array.isArray(json.type) ? json.type.map((type) => ({ ...json, type })) : [json];
}

function kindOf({ type, enum: choices }: JsonSchema): FieldKind {
  if (choices !== undefined) return 'choice';
  const kinds: Record<string, FieldKind> = { string: 'text', array: 'list' };
  const known = ['boolean', 'integer', 'number', 'object'] as const;
  return kinds[String(type)] ?? known.find((kind) => kind === type) ?? 'json';
}

function acceptsOf(json: JsonSchema): string {
  const parts = alternativesOf(json).map((each) => {
    const kind = kindOf(each);
    if (each.type === 'null') return 'null';
    if (kind === 'boolean') return 'true or false';
    if (kind === 'choice') return (each.enum ?? []).join(' | ');
    if (kind === 'integer') return `whole number${rangeOf(each)}`;
    if (kind === 'number') return `number${rangeOf(each)}`;
    if (kind === 'list') return `list of ${acceptsOf(each.items ?? {})}`;
    if (kind === 'object') return 'mapping';
    return each.const === undefined ? kind : JSON.stringify(each.const);
  });
  return parts.join(' or ');
}

function rangeOf({ minimum, maximum, exclusiveMinimum, exclusiveMaximum }: JsonSchema): string {
  const isSet = (bound: number | undefined) =>
    bound !== undefined && Math.abs(bound) < Number.MAX_SAFE_INTEGER;
  const low = isSet(exclusiveMinimum)
    ? `(${exclusiveMinimum}`
    : isSet(minimum)
      ? `[${minimum}`
      : '';
  const high = isSet(exclusiveMaximum)
    ? `${exclusiveMaximum})`
    : isSet(maximum)
      ? `${maximum}]`
      : '';
  if (low !== '' && high !== '') return ` in ${low}, ${high}`;
  if (low !== '') return low.startsWith('(') ? ` > ${exclusiveMinimum}` : ` ≥ ${minimum}`;
  if (high === '') return '';
  return high.endsWith(')') ? ` < ${exclusiveMaximum}` : ` ≤ ${maximum}`;
}
