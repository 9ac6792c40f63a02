import { parse as parseYaml } from 'yaml';
import {
  type ConfigSchema,
  type Field,
  listFields,
  nearestName,
  type Problem,
  throwProblems,
} from '../../config/index.ts';

/** A flag of the command itself, such as `--config FILE` or `--dry-run`. */
export interface CommandFlag {
  /** Without dashes, words joined by `_`. */
  readonly name: string;
  /** `boolean` takes no value; `text` takes one. */
  readonly kind: 'boolean' | 'text';
  readonly description: string;
  /** What stands for the value in help: `FILE`. */
  readonly placeholder?: string;
}

/** A command line taken apart. */
export interface ParsedFlags {
  /** The schema's options, by snake_case name, as YAML would have them. */
  readonly options: Readonly<Record<string, unknown>>;
  /** The command's own flags that were given. */
  readonly command: Readonly<Record<string, string | boolean>>;
  readonly positionals: readonly string[];
}

/**
 * Reads flags by a schema: `--name value`, `--name=value`, `--switch`, `--no-switch`, `--list a b`,
 * `--model.hidden_size 64`; dashes and underscores in names are alike. Values are those of YAML, so that
 * `1e-4`, `null`, `[1, 2]` and `{a: 1}` mean there and here the same. Ranges are the schema's business.
 * @throws ConfigError that lists every unknown flag and missing value at once.
 */
export function parseFlags(
  argv: readonly string[],
  schema: ConfigSchema,
  commandFlags: readonly CommandFlag[] = [],
): ParsedFlags {
  const reader = new FlagReader(schema, commandFlags);
  for (let index = 0; index < argv.length; ) index = reader.read(argv, index);
  throwProblems(`laurel ${schema.name}: the command line has problems`, reader.problems);
  return { options: reader.options, command: reader.command, positionals: reader.positionals };
}

class FlagReader {
  readonly options: Record<string, unknown> = {};
  readonly command: Record<string, string | boolean> = {};
  readonly positionals: string[] = [];
  readonly problems: Problem[] = [];
  readonly schema: ConfigSchema;
  readonly commandFlags: readonly CommandFlag[];

  constructor(schema: ConfigSchema, commandFlags: readonly CommandFlag[]) {
    this.schema = schema;
    this.commandFlags = commandFlags;
  }

  /** Reads the argument at an index and its values; returns the index after them. */
  read(argv: readonly string[], index: number): number {
    const argument = argv[index]!;
    if (argument === '--') {
      this.positionals.push(...argv.slice(index + 1));
      return argv.length;
    }
    if (argument === '-h' && this.commandFlags.some(({ name }) => name === 'help')) {
      this.command['help'] = true;
      return index + 1;
    }
    if (!argument.startsWith('--')) {
      this.positionals.push(argument);
      return index + 1;
    }
    const [, dashed = '', inline] = /^--([^=]+)(?:=([\s\S]*))?$/.exec(argument) ?? [];
    const name = dashed.replaceAll('-', '_');
    let end = index + 1;
    while (end < argv.length && !argv[end]!.startsWith('--')) end++;
    const values = inline === undefined ? argv.slice(index + 1, end) : [inline];
    const taken = this.take(name, argument, values);
    return inline === undefined ? index + 1 + taken : index + 1;
  }

  /** Takes a flag's values; returns how many of them were its own. */
  private take(name: string, written: string, values: readonly string[]): number {
    const own = this.commandFlags.find((flag) => flag.name === name);
    if (own?.kind === 'boolean') {
      this.command[name] = true;
      return 0;
    }
    const path = name.split('.');
    const field = findField(listFields(this.schema), path);
    if (own === undefined && field?.kind === 'boolean') return this.takeSwitch(path, values);
    const positive = name.startsWith('no_') ? name.slice(3).split('.') : undefined;
    if (
      positive !== undefined &&
      findField(listFields(this.schema), positive)?.kind === 'boolean'
    ) {
      this.set(positive, false);
      return 0;
    }
    const isKnown =
      own !== undefined || field !== undefined || Object.hasOwn(this.schema.foreign, name);
    if (!isKnown) return this.refuse(name, written, values);
    return this.takeValue(name, field, own, values);
  }

  private takeSwitch(path: readonly string[], values: readonly string[]): number {
    const [value] = values;
    const literal = value === 'true' || value === 'false' || value === 'null';
    this.set(path, literal ? parseYaml(value) : true);
    return literal ? 1 : 0;
  }

  private takeValue(
    name: string,
    field: Field | undefined,
    own: CommandFlag | undefined,
    values: readonly string[],
  ): number {
    const [first] = values;
    if (first === undefined) {
      const isSwitch = field === undefined || field.accepts.includes('true or false');
      if (own === undefined && isSwitch) this.set(name.split('.'), true);
      else
        this.problems.push({
          at: `--${name}`,
          message: `expected a value: ${field?.accepts ?? 'text'}`,
        });
      return 0;
    }
    if (own !== undefined) {
      this.command[name] = first;
      return 1;
    }
    const path = name.split('.');
    if (field?.kind !== 'list') {
      this.set(path, this.readValue(first, field, name));
      return 1;
    }
    const items = values.flatMap((value) => this.readItems(value, field, name));
    const earlier = Object.hasOwn(this.options, name) ? (this.options[name] as unknown[]) : [];
    this.set(path, values.length === 1 && first === 'null' ? null : [...earlier, ...items]);
    return values.length;
  }

  /** Text is taken as it is written; everything else is YAML. */
  private readValue(text: string, field: Field | undefined, name: string): unknown {
    if (field?.nullable && text === 'null') return null;
    if (field?.kind === 'text' || field?.kind === 'choice') return text;
    try {
      return parseYaml(text);
    } catch (cause) {
      this.problems.push({
        at: `--${name}`,
        message: `${JSON.stringify(text)} is not valid YAML: ${(cause as Error).message.split('\n')[0]}`,
      });
      return undefined;
    }
  }

  private readItems(text: string, field: Field, name: string): unknown[] {
    if (field.itemKind === 'text' && !text.startsWith('[')) return [text];
    const numbers = field.itemKind !== 'text' && text.includes(',') && !text.startsWith('[');
    const value = this.readValue(numbers ? `[${text}]` : text, undefined, name);
    return Array.isArray(value) ? value : [value];
  }

  private set(path: readonly string[], value: unknown): void {
    let target = this.options;
    for (const key of path.slice(0, -1)) {
      const inner = target[key];
      const next =
        typeof inner === 'object' && inner !== null ? (inner as Record<string, unknown>) : {};
      target[key] = next;
      target = next;
    }
    target[path.at(-1)!] = value;
  }

  private refuse(name: string, written: string, values: readonly string[]): number {
    const fields = listFields(this.schema);
    const known = [...fields.flatMap(flagNames), ...this.commandFlags.map((flag) => flag.name)];
    const nearest = nearestName(name, known);
    const hint =
      nearest === undefined ? '; --help lists the options' : `; did you mean --${nearest}?`;
    this.problems.push({ at: written.split('=')[0]!, message: `unknown option${hint}` });
    return values.length;
  }
}

function findField(fields: readonly Field[], path: readonly string[]): Field | undefined {
  const [head, ...rest] = path;
  const field = fields.find(({ name }) => name === head);
  return rest.length === 0 || field === undefined ? field : findField(field.fields, rest);
}

function flagNames(field: Field): string[] {
  return [field.name, ...field.fields.map(({ name }) => `${field.name}.${name}`)];
}
