import { nearestName, parseWritten } from '../config/index.ts';
import { ConfigError } from '../errors.ts';
import { type CapoConfig, capoConfig } from '../papers/capo/capo-options.ts';
import { makeCapoFilter } from '../papers/capo/make-capo-filter.ts';
import type { Policy, TokenFilter } from '../policy/index.ts';
import type { GrpoConfig } from '../trainers/config/index.ts';

type MakeTokenFilter = (
  options: Readonly<Record<string, unknown>>,
  policy: Policy,
  config: GrpoConfig,
) => TokenFilter;

const capo: MakeTokenFilter = (options, { model }, config) => {
  const { vocabSize } = model.config;
  const parsed = parseWritten(capoConfig, options, { title: 'token_filter_options of capo' });
  return makeCapoFilter(parsed as CapoConfig, { ...config, vocabSize });
};

/** Token filters by the names that YAML and flags give them. */
const tokenFilters = new Map<string, MakeTokenFilter>([['capo', capo]]);

/** The filter a configuration names; undefined where it names none. @throws ConfigError naming the nearest. */
export function resolveTokenFilter(config: GrpoConfig, policy: Policy): TokenFilter | undefined {
  const { tokenFilter: name, tokenFilterOptions } = config;
  if (name === null) return undefined;
  const make = tokenFilters.get(name);
  if (make !== undefined) return make(tokenFilterOptions ?? {}, policy, config);
  const names = [...tokenFilters.keys()];
  const nearest = nearestName(name, names);
  const meant = nearest === undefined ? '' : ` Did you mean ${nearest}?`;
  throw new ConfigError(
    `token_filter: no filter is called ${JSON.stringify(name)}.${meant} There is ${names.join(', ')}.`,
  );
}
