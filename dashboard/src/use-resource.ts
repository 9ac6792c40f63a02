import { useCallback, useEffect, useRef, useState } from 'preact/hooks';
import type { ApiError } from './api.ts';

/** Something that is fetched: the last value stays while a newer one, or an error, comes in. */
export interface Resource<T> {
  readonly value: T | undefined;
  readonly error: ApiError | undefined;
  readonly isLoading: boolean;
  /** Fetches again now. */
  readonly reload: () => void;
  /** Fetches again soon, however often it is asked meanwhile. */
  readonly reloadSoon: () => void;
}

interface State<T> {
  readonly key: string;
  readonly value?: T;
  readonly error?: ApiError;
  readonly isLoading: boolean;
}

const soonMs = 700;

/**
 * Fetches what `key` names, again when the key changes. A value of another key is not shown, unless `keepValue`: a chart
 * keeps its curve while the finer one is on its way.
 */
export function useResource<T>(
  key: string,
  load: (signal: AbortSignal) => Promise<T>,
  { keepValue = false, delayMs = soonMs }: { keepValue?: boolean; delayMs?: number } = {},
): Resource<T> {
  const [state, setState] = useState<State<T>>({ key, isLoading: true });
  const loader = useRef(load);
  loader.current = load;
  const [turn, setTurn] = useState(0);
  const timer = useRef<ReturnType<typeof setTimeout> | undefined>(undefined);

  useEffect(() => {
    const controller = new AbortController();
    setState((old) => (old.key === key ? { ...old, isLoading: true } : fresh(old, key, keepValue)));
    loader
      .current(controller.signal)
      .then((value) => {
        if (!controller.signal.aborted) setState({ key, value, isLoading: false });
      })
      .catch((error: ApiError) => {
        if (controller.signal.aborted) return;
        setState((old) => ({ ...old, error, isLoading: false }));
      });
    return () => controller.abort();
  }, [key, turn]); // Another turn asks for the same key again.
  useEffect(() => () => clearTimeout(timer.current), []);

  const reload = useCallback(() => setTurn((old) => old + 1), []);
  const reloadSoon = useCallback(() => {
    if (timer.current !== undefined) return;
    timer.current = setTimeout(() => {
      timer.current = undefined;
      reload();
    }, delayMs);
  }, [reload, delayMs]);
  const isCurrent = state.key === key || keepValue;
  return {
    value: isCurrent ? state.value : undefined,
    error: isCurrent ? state.error : undefined,
    isLoading: state.isLoading || !isCurrent,
    reload,
    reloadSoon,
  };
}

const fresh = <T>(old: State<T>, key: string, keepValue: boolean): State<T> =>
  keepValue && old.value !== undefined
    ? { key, value: old.value, isLoading: true }
    : { key, isLoading: true };
