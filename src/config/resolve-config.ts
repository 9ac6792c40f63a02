import { readFileSync } from 'node:fs';
import { type CST, isMap, isScalar, LineCounter, Parser, parseDocument, stringify } from 'yaml';
import { ConfigError } from '../errors.ts';
import type { ConfigOf, ConfigSchema } from './config-schema.ts';
import { type Field, listFields } from './fields.ts';
import { parseWritten } from './parse-config.ts';

/** A longer file is no configuration; reading YAML takes a few hundred bytes for each character. */
const MOST_CHARACTERS = 2 ** 20;

/** Where a configuration comes from; flags win over YAML, YAML over defaults. */
export interface ConfigSources {
  yamlFile?: string | undefined;
  yamlText?: string | undefined;
  /** By snake_case name, as `parseFlags` returns them. */
  flags?: Readonly<Record<string, unknown>>;
  /** Called once for each option that has no effect here; prints to standard error unless given. */
  warn?: (message: string) => void;
}

/**
 * Reads a command's configuration from YAML and flags, both in snake_case.
 * @throws ConfigError that lists every problem at once, each with its file and line or its flag.
 */
export function resolveConfig<Schema extends ConfigSchema>(
  schema: Schema,
  { yamlFile, yamlText, flags = {}, warn = printWarning }: ConfigSources,
): ConfigOf<Schema> {
  const { values, lines } = readYaml(yamlFile, yamlText);
  const isNested = new Set(
    listFields(schema)
      .filter((field) => field.fields.length > 0)
      .map(({ name }) => name),
  );
  const written: Record<string, unknown> = { ...values };
  for (const [name, value] of Object.entries(flags)) {
    const merges = isNested.has(name) && isRecord(value) && isRecord(written[name]);
    written[name] = merges ? { ...(written[name] as object), ...(value as object) } : value;
  }
  return parseWritten(schema, written, {
    naming: 'snake_case',
    title: `laurel ${schema.name}: the configuration has problems`,
    sourceOf: (name) => (Object.hasOwn(flags, name) ? `--${name}` : lines.get(name)),
    warn,
  });
}

/**
 * A YAML file's mapping, as it is written.
 * @throws ConfigError for what is no mapping, too long or too deep.
 */
export const readYamlFile = (file: string): Readonly<Record<string, unknown>> =>
  readYaml(file, undefined).values;

/** The resolved configuration as YAML that {@link resolveConfig} reads back to the same values. */
export function toYaml(config: Readonly<Record<string, unknown>>, schema: ConfigSchema): string {
  return stringify(toWritten(config, listFields(schema)), { lineWidth: 0 });
}

/** The options that differ from their defaults, by snake_case name. */
export function configDifferences(
  config: Readonly<Record<string, unknown>>,
  schema: ConfigSchema,
): Record<string, unknown> {
  const fields = listFields(schema);
  const isSame = (left: unknown, right: unknown) => JSON.stringify(left) === JSON.stringify(right);
  const changed = fields.filter(
    ({ key, defaultValue }) => key in config && !isSame(config[key], defaultValue),
  );
  return toWritten(config, changed);
}

function toWritten(
  config: Readonly<Record<string, unknown>>,
  fields: readonly Field[],
): Record<string, unknown> {
  const present = fields.filter(({ key }) => config[key] !== undefined);
  return Object.fromEntries(
    present.map((field) => {
      const value = config[field.key];
      return [
        field.name,
        field.fields.length > 0 && isRecord(value) ? toWritten(value, field.fields) : value,
      ];
    }),
  );
}

function readYaml(
  yamlFile: string | undefined,
  yamlText: string | undefined,
): { values: Record<string, unknown>; lines: Map<string, string> } {
  const lines = new Map<string, string>();
  const text = yamlText ?? (yamlFile === undefined ? '' : readText(yamlFile));
  const file = yamlFile ?? 'YAML';
  if (text.length > MOST_CHARACTERS) {
    throw new ConfigError(
      `${file}: has ${text.length} characters, and a configuration has at most ${MOST_CHARACTERS}; is this another file?`,
    );
  }
  const lineCounter = new LineCounter();
  const { document, content } = parseText(file, text, lineCounter);
  if (document.contents === null) return { values: {}, lines };
  if (!isMap(document.contents)) {
    throw new ConfigError(`${file}: expected a mapping of options, one \`name: value\` a line`);
  }
  for (const { key } of document.contents.items) {
    if (!isScalar(key)) continue;
    lines.set(String(key.value), `${file}, line ${lineCounter.linePos(key.range![0]).line}`);
  }
  return { values: content as Record<string, unknown>, lines };
}

/** Deeper values overflow the stack of the library, and within a regular expression that ends the process. */
const MOST_DEPTH = 64;

/** @throws RangeError for values nested too deep; the library's first pass, unlike its second, does not recurse. */
function refuseDepth(text: string): void {
  let level: (CST.Token | null | undefined)[] = [...new Parser().parse(text)];
  for (let depth = 0; level.length > 0; depth++) {
    if (depth > MOST_DEPTH) throw new RangeError(`values are nested more than ${MOST_DEPTH} deep`);
    level = level.flatMap((token) => {
      if (token?.type === 'document') return [token.value];
      return token && 'items' in token ? token.items.flatMap(({ key, value }) => [key, value]) : [];
    });
  }
}

/** Aliases without an anchor, aliases that multiply, and nesting beyond the stack come out as errors of the file. */
function parseText(file: string, text: string, lineCounter: LineCounter) {
  try {
    refuseDepth(text);
    const document = parseDocument(text, { lineCounter, logLevel: 'error' });
    const [error] = document.errors;
    if (error !== undefined) throw error;
    return { document, content: document.toJS() as unknown };
  } catch (cause) {
    throw new ConfigError(`${file}: is not valid YAML: ${(cause as Error).message}`, { cause });
  }
}

function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (cause) {
    throw new ConfigError(
      `${file}: the configuration file cannot be read: ${(cause as Error).message}`,
      { cause },
    );
  }
}

function printWarning(message: string): void {
  console.error(`warning: ${message}`);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
