import { inspect } from 'node:util';
import type { z } from 'zod';
import type { ConfigInput, ConfigOf, ConfigSchema } from './config-schema.ts';
import { type Field, listFields } from './fields.ts';
import { toSnakeCase } from './naming.ts';
import { nearestName } from './nearest-name.ts';
import { type Problem, throwProblems } from './problem.ts';

/** How option names are written: camelCase in TypeScript, snake_case in YAML and flags. */
export type Naming = 'camelCase' | 'snake_case';

/** How to read a configuration and what to tell its author. */
export interface ParseOptions {
  naming?: Naming;
  /** Opens the error message. */
  title?: string;
  /** Where a top-level option was written, for error messages. */
  sourceOf?: (name: string) => string | undefined;
  /** Called once for each option that has no effect here. */
  warn?: (message: string) => void;
}

/**
 * Checks a TypeScript caller's options against a schema and fills in the defaults.
 * @throws ConfigError that lists every problem at once.
 */
export function parseConfig<Schema extends ConfigSchema>(
  schema: Schema,
  input: ConfigInput<Schema>,
  options: Omit<ParseOptions, 'naming'> = {},
): ConfigOf<Schema> {
  return parseWritten(schema, input, { ...options, naming: 'camelCase' });
}

/** As {@link parseConfig}, for options whose type and spelling are not known yet: a YAML mapping, flags. */
export function parseWritten<Schema extends ConfigSchema>(
  schema: Schema,
  input: unknown,
  {
    naming = 'snake_case',
    title = `${schema.name}: the configuration has problems`,
    sourceOf = () => undefined,
    warn = () => {},
  }: ParseOptions = {},
): ConfigOf<Schema> {
  const fields = listFields(schema);
  const reader = new ConfigReader(schema, naming, warn);
  const renamed = reader.readMapping(input, fields, []);
  const problems = [...reader.problems];
  const parsed = schema.object.safeParse(renamed, { reportInput: true });
  const spell = (key: PropertyKey) =>
    naming === 'snake_case' ? toSnakeCase(String(key)) : String(key);
  if (!parsed.success) {
    problems.push(...parsed.error.issues.map((issue) => zodProblem(issue, fields, spell)));
  } else {
    for (const { at, message } of schema.check(parsed.data as never)) {
      problems.push({ at: spell(at), message });
    }
  }
  const located = problems.map((problem) => ({
    ...problem,
    source: sourceOf(problem.at.split('.')[0]!),
  }));
  throwProblems(title, located);
  return parsed.data as ConfigOf<Schema>;
}

/** Renames written keys to schema keys; collects unknown and foreign ones. */
class ConfigReader {
  readonly problems: Problem[] = [];
  readonly schema: ConfigSchema;
  readonly naming: Naming;
  readonly warn: (message: string) => void;

  constructor(schema: ConfigSchema, naming: Naming, warn: (message: string) => void) {
    this.schema = schema;
    this.naming = naming;
    this.warn = warn;
  }

  readMapping(
    input: unknown,
    fields: readonly Field[],
    path: readonly string[],
  ): Record<string, unknown> {
    if (!isMapping(input)) {
      this.problems.push({
        at: path.join('.'),
        message: `expected a mapping of options, found ${show(input)}`,
      });
      return {};
    }
    const result: Record<string, unknown> = {};
    for (const [written, value] of Object.entries(input)) {
      const field = fields.find((each) => this.nameOf(each) === written);
      if (field === undefined) this.refuse(written, value, fields, path, input);
      else if (value !== undefined)
        result[field.key] = this.readValue(value, field, [...path, written]);
    }
    return result;
  }

  private readValue(value: unknown, field: Field, path: readonly string[]): unknown {
    if (field.fields.length > 0 && isMapping(value))
      return this.readMapping(value, field.fields, path);
    const spellings = path.length === 1 ? this.schema.spellings[field.name] : undefined;
    if (spellings?.has(value)) return spellings.get(value);
    return this.naming === 'snake_case' && isItemOf(field, value) ? [value] : value;
  }

  private refuse(
    written: string,
    value: unknown,
    fields: readonly Field[],
    path: readonly string[],
    all: Readonly<Record<string, unknown>>,
  ): void {
    const at = [...path, written].join('.');
    const name = toSnakeCase(written);
    const isForeign = path.length === 0 && Object.hasOwn(this.schema.foreign, name);
    const foreign = isForeign ? this.schema.foreign[name] : undefined;
    if (foreign?.isInert(value, all)) {
      if (!foreign.isSilent?.(value))
        this.warn(`${at}: ${show(value)} has no effect here. ${foreign.instead}`);
      return;
    }
    if (foreign !== undefined) {
      this.problems.push({
        at,
        message: `${show(value)} is not available here. ${foreign.instead}`,
      });
      return;
    }
    const nearest = nearestName(
      written,
      fields.map((field) => this.nameOf(field)),
    );
    const hint = nearest === undefined ? '' : `; did you mean ${[...path, nearest].join('.')}?`;
    this.problems.push({ at, message: `unknown option ${JSON.stringify(written)}${hint}` });
  }

  private nameOf(field: Field): string {
    return this.naming === 'snake_case' ? field.name : field.key;
  }
}

function zodProblem(
  issue: z.core.$ZodIssue,
  fields: readonly Field[],
  spell: (key: PropertyKey) => string,
): Problem {
  let field: Field | undefined;
  for (const key of issue.path) {
    const next: Field | undefined = (field?.fields ?? fields).find((each) => each.key === key);
    if (next === undefined) break;
    field = next;
  }
  const at = issue.path.map(spell).join('.');
  if (issue.code === 'custom' || field === undefined) return { at, message: issue.message };
  if (issue.input === undefined && field.required) {
    return { at, message: `required: ${field.accepts}. ${field.description}` };
  }
  return { at, message: `expected ${field.accepts}, found ${show(issue.input)}` };
}

function isMapping(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Whether a value is what a list option holds, written without the list: `reward_funcs: accuracy_reward`. */
function isItemOf({ kind, itemKind }: Field, value: unknown): boolean {
  if (kind !== 'list') return false;
  const isText = itemKind === 'text' || itemKind === 'choice';
  return typeof value === (isText ? 'string' : 'number');
}

/** A value as JSON; what has no JSON form, such as a mapping that holds itself, as Node shows it. */
function show(value: unknown): string {
  if (typeof value === 'number') return String(value);
  try {
    return JSON.stringify(value) ?? String(value);
  } catch {
    return inspect(value, { depth: 1, breakLength: Number.POSITIVE_INFINITY });
  }
}
