import {
  type Dataset,
  type PreferenceExample,
  type PreferenceSource,
  requireColumns,
  textTemplate,
  toPreference,
} from '../../data/index.ts';
import { convertRows, type RowOptions, type UsableRows } from './resolve-rows.ts';

export interface PreferenceRowsOptions extends Pick<PreferenceSource, 'implicitPrompt'> {
  /** Throws for a row that the trainer could not use. */
  readonly check?: (row: PreferenceExample) => void;
}

/**
 * Pairs to prefer by: columns `chosen` and `rejected`, with their prompt in a column of its own or at the start of both.
 */
export function preferenceRows(
  dataset: Dataset,
  { promptTemplate, promptColumn, skipBadRows }: RowOptions,
  { check = () => {}, ...reading }: PreferenceRowsOptions = {},
): UsableRows<PreferenceExample> {
  const template = promptTemplate === null ? undefined : textTemplate(promptTemplate);
  requireColumns(dataset, ['chosen', 'rejected', ...(template?.columns ?? [])]);
  const source = { ...reading, promptColumn, ...(template && { promptTemplate: template }) };
  return convertRows(dataset, skipBadRows, (example) => {
    const row = toPreference(example, source);
    check(row);
    return row;
  });
}
