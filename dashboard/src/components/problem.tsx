import type { ApiError } from '../api.ts';

/** What went wrong while something was fetched or done, with a way to try again. */
export function ProblemNotice({
  error,
  onRetry,
}: {
  error: ApiError | undefined;
  onRetry?: () => void;
}) {
  if (error === undefined) return null;
  return (
    <div class="notice" role="alert">
      <p>{describe(error)}</p>
      {onRetry && (
        <button type="button" class="button" onClick={onRetry}>
          Try again
        </button>
      )}
    </div>
  );
}

function describe({ status, message }: ApiError): string {
  if (status === 0)
    return 'The server does not answer. Start it again with “npx laurel dashboard”; this page goes on by itself.';
  if (status === 401)
    return 'This browser is not let in. Open the address that “npx laurel dashboard” printed, with its token.';
  return message;
}
