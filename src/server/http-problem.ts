/** A request that cannot be answered: the status, and a message that says what to do. */
export class HttpProblem extends Error {
  override name = 'HttpProblem';
  readonly status: 400 | 401 | 403 | 404 | 409 | 413 | 415 | 421 | 422 | 429 | 500 | 503;
  /** Seconds after which to try again. */
  readonly retryAfter: number | undefined;

  constructor(
    status: HttpProblem['status'],
    message: string,
    { retryAfter, ...options }: { retryAfter?: number } & ErrorOptions = {},
  ) {
    super(message, options);
    this.status = status;
    this.retryAfter = retryAfter;
  }
}
