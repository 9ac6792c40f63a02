import {
  columnOf,
  type Dataset,
  loadDataset,
  type PromptExample,
  requireColumns,
  type TextTemplate,
  textTemplate,
  toMessages,
  toPromptCompletion,
  toPromptExample,
} from '../../data/index.ts';

import { DataError, LaurelError } from '../../errors.ts';
import type { SftConfig } from '../../trainers/config/index.ts';
import type { SupervisedExample } from '../../trainers/index.ts';
import type { Example } from '../../types.ts';

/** The options that say which rows are read and how. */
export type RowOptions = Pick<
  SftConfig,
  | 'datasetName'
  | 'datasetConfig'
  | 'promptTemplate'
  | 'completionTemplate'
  | 'promptColumn'
  | 'completionColumn'
  | 'messagesColumn'
  | 'datasetTextField'
  | 'skipBadRows'
>;

/** Rows in a trainer's form, and how many were left out because they could not be used. */
export interface UsableRows<Row> {
  readonly rows: readonly Row[];
  readonly badRows: number;
}

/** Loads one split. */
export function loadRows(
  options: RowOptions,
  split: string,
  limit: number | null,
): Promise<Dataset> {
  const { datasetName, datasetConfig, skipBadRows } = options;
  return loadDataset(datasetName, {
    split,
    skipBadRows,
    ...(datasetConfig !== null && { config: datasetConfig }),
    ...(limit !== null && { limit }),
    onDownload: ({ path, sizeBytes }) =>
      console.error(`downloading ${path} (${(sizeBytes / 2 ** 20).toFixed(1)} MiB)`),
  });
}

const templateOf = (source: string | null): TextTemplate | undefined =>
  source === null ? undefined : textTemplate(source);

/** Converts every row; one that can't be used is counted where bad rows are skipped, else an error. */
export function convertRows<Row>(
  { rows, badRows, name }: Dataset,
  skipBadRows: boolean,
  toRow: (example: Example) => Row,
): UsableRows<Row> {
  const usable: Row[] = [];
  let bad = badRows;
  let first: LaurelError | undefined;
  for (const example of rows) {
    try {
      usable.push(toRow(example));
    } catch (error) {
      if (!skipBadRows || !(error instanceof LaurelError)) throw error;
      bad++;
      first ??= error;
    }
  }
  if (usable.length === 0) {
    throw new DataError(
      `dataset ${JSON.stringify(name)}: none of its ${bad} rows can be used; the first: ${first?.message}`,
    );
  }
  return { rows: usable, badRows: bad };
}

/** Rows to sample completions for; `check` throws for a row that the trainer could not use. */
export function promptRows(
  dataset: Dataset,
  options: RowOptions,
  check: (row: PromptExample) => void = () => {},
): UsableRows<PromptExample> {
  const promptTemplate = templateOf(options.promptTemplate);
  const { promptColumn, skipBadRows } = options;
  requireColumns(dataset, promptTemplate?.columns ?? [promptColumn]);
  return convertRows(dataset, skipBadRows, (example) => {
    const row = toPromptExample(example, {
      promptColumn,
      ...(promptTemplate && { promptTemplate }),
    });
    check(row);
    return row;
  });
}

/** Rows to learn: prompt and completion where templates or columns give them, else conversations, else text. */
export function supervisedRows(
  dataset: Dataset,
  options: RowOptions,
  check: (row: SupervisedExample) => void = () => {},
): UsableRows<SupervisedExample> {
  const toRow = supervisedReader(dataset, options);
  return convertRows(dataset, options.skipBadRows, (example) => {
    const row = toRow(example);
    check(row);
    return row;
  });
}

function supervisedReader(
  dataset: Dataset,
  options: RowOptions,
): (example: Example) => SupervisedExample {
  const { promptColumn, completionColumn, messagesColumn, datasetTextField } = options;
  const promptTemplate = templateOf(options.promptTemplate);
  const completionTemplate = templateOf(options.completionTemplate);
  const has = (column: string) => dataset.columns.includes(column);
  if (promptTemplate || completionTemplate || has(completionColumn)) {
    const source = {
      promptColumn,
      completionColumn,
      ...(promptTemplate && { promptTemplate }),
      ...(completionTemplate && { completionTemplate }),
    };
    requireColumns(dataset, [
      ...(promptTemplate?.columns ?? [promptColumn]),
      ...(completionTemplate?.columns ?? [completionColumn]),
    ]);
    return (example) => toPromptCompletion(example, source);
  }
  if (has(messagesColumn) || has('conversations')) {
    return (example) => toMessages(example, has(messagesColumn) ? messagesColumn : undefined);
  }
  if (!has(datasetTextField)) {
    throw new DataError(
      `dataset ${JSON.stringify(dataset.name)} has columns ${dataset.columns.join(', ')}: expected ${promptColumn} and ${completionColumn}, ${messagesColumn}, or ${datasetTextField}; ` +
        'name yours with prompt_template and completion_template, messages_column or dataset_text_field',
    );
  }
  return (example) => ({ example, text: textOf(example, datasetTextField) });
}

function textOf(example: Example, column: string): string {
  const text = columnOf(example.columns, column);
  if (typeof text === 'string') return text;
  throw new DataError(
    `row ${example.index}, column ${JSON.stringify(column)}: expected text, found ${typeof text}`,
  );
}
