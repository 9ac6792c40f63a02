import {
  type Dataset,
  type PreferenceExample,
  requireColumns,
  textTemplate,
  toPreference,
} from '../../data/index.ts';
import { convertRows, type RowOptions, type UsableRows } from './resolve-rows.ts';

/**
 * Pairs to prefer by: columns `chosen` and `rejected`, with their prompt in a column of its own or at the start of both.
 * `check` throws for a row that the trainer could not use.
 */
export function preferenceRows(
  dataset: Dataset,
  { promptTemplate, promptColumn, skipBadRows }: RowOptions,
  check: (row: PreferenceExample) => void = () => {},
): UsableRows<PreferenceExample> {
  const template = promptTemplate === null ? undefined : textTemplate(promptTemplate);
  requireColumns(dataset, ['chosen', 'rejected', ...(template?.columns ?? [])]);
  const source = { promptColumn, ...(template && { promptTemplate: template }) };
  return convertRows(dataset, skipBadRows, (example) => {
    const row = toPreference(example, source);
    check(row);
    return row;
  });
}
