/** Help and docs tables, derived from a schema. */
import { type ConfigSchema, type Field, listFields } from '../../config/index.ts';
import { wrapText } from '../wrap-text.ts';
import { groupBy } from './group-by.ts';
import type { CommandFlag } from './parse-flags.ts';

/** The text of `laurel <command> --help`: usage, the command's own flags, then every option by group. */
export function renderHelp(
  schema: ConfigSchema,
  {
    commandFlags = [],
    usage = `laurel ${schema.name} [--config FILE] [--option value …]`,
    columns = 100,
  }: { commandFlags?: readonly CommandFlag[]; usage?: string; columns?: number } = {},
): string {
  const width = Math.max(60, columns);
  const takesYaml = commandFlags.some(({ name }) => name === 'config');
  const own = commandFlags.map((flag) => {
    const value = flag.kind === 'boolean' ? '' : ` ${flag.placeholder ?? 'TEXT'}`;
    return entry(`--${flag.name.replaceAll('_', '-')}${value}`, flag.description, width);
  });
  const groups = groupBy(listFields(schema), ({ group }) => group);
  return [
    schema.summary,
    '',
    `Usage: ${usage}`,
    ...(own.length > 0 ? ['', 'Command', ...own] : []),
    ...[...groups].flatMap(([title, fields]) => [
      '',
      title,
      ...fields.flatMap((field) => helpEntries(field, width)),
    ]),
    '',
    takesYaml
      ? 'Options go into a YAML file under the same names. --no-NAME turns a switch off.'
      : '--no-NAME turns a switch off.',
    '',
  ].join('\n');
}

/** A Markdown table of every option, group by group. */
export function renderOptionsTable(schema: ConfigSchema): string {
  const groups = groupBy(listFields(schema), ({ group }) => group);
  return [...groups]
    .flatMap(([title, fields]) => [
      `### ${title}`,
      '',
      '| Option | Default | Values | Meaning |',
      '| --- | --- | --- | --- |',
      ...fields.flatMap((field) => tableRows(field, '')),
      '',
    ])
    .join('\n');
}

function helpEntries(field: Field, width: number, prefix = ''): string[] {
  const name = `${prefix}${field.name}`;
  const head = field.kind === 'boolean' ? `--${name}` : `--${name} ${placeholder(field)}`;
  const standard = field.required ? ' Required.' : ` [${showDefault(field)}]`;
  const own = entry(head, `${field.description}${standard}`, width);
  return [own, ...field.fields.flatMap((inner) => helpEntries(inner, width, `${name}.`))];
}

function placeholder({ kind, choices, itemKind }: Field): string {
  if (kind === 'choice') return choices.join('|');
  const names: Partial<Record<Field['kind'], string>> = {
    integer: 'N',
    number: 'X',
    text: 'TEXT',
    object: 'YAML',
  };
  if (kind === 'list') return `${names[itemKind ?? 'json'] ?? 'YAML'} …`;
  return names[kind] ?? 'YAML';
}

function tableRows(field: Field, prefix: string): string[] {
  const name = `${prefix}${field.name}`;
  const standard = field.required ? 'required' : `\`${showDefault(field)}\``;
  const cells = [`\`${name}\``, standard, field.accepts, field.description].map(escapeCell);
  return [
    `| ${cells.join(' | ')} |`,
    ...field.fields.flatMap((inner) => tableRows(inner, `${name}.`)),
  ];
}

function showDefault({ defaultValue }: Field): string {
  if (typeof defaultValue === 'number' && defaultValue !== 0 && Math.abs(defaultValue) < 1e-3) {
    return defaultValue.toExponential();
  }
  return typeof defaultValue === 'string' ? defaultValue : JSON.stringify(defaultValue);
}

function escapeCell(content: string): string {
  return content.replaceAll('|', '\\|').replaceAll('\n', ' ');
}

/** `  --flag VALUE    description`, the description in its own column, wrapped. */
function entry(head: string, description: string, width: number): string {
  const indent = 34;
  const lines = wrapText(description, width - indent);
  const start = `  ${head}`;
  const fits = start.length < indent - 1;
  const first = fits
    ? `${start.padEnd(indent)}${lines[0]}`
    : `${start}\n${' '.repeat(indent)}${lines[0]}`;
  return [first, ...lines.slice(1).map((each) => ' '.repeat(indent) + each)].join('\n');
}
