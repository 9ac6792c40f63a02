import { z } from 'zod';

/** The most of each that one request may ask for. */
export const LIMITS = { requests: 256, history: 1000, count: 200 } as const;

const count = z.int().min(1).max(LIMITS.count).default(10);

const asking = {
  history: z.array(z.string().min(1).max(1000)).max(LIMITS.history).optional(),
  user: z.string().min(1).max(1000).optional(),
};

const hasOne = ({ history, user }: { history?: unknown; user?: unknown }): boolean =>
  (history === undefined) !== (user === undefined);

const ONE_OF = 'give either a history (keys of items, oldest first) or a user';

const one = z.strictObject(asking).refine(hasOne, ONE_OF);

const single = z.strictObject({ ...asking, count }).refine(hasOne, ONE_OF);
const several = z.strictObject({
  requests: z.array(one).min(1).max(LIMITS.requests),
  count,
});

/** One history or user of a request. */
export type Asking = z.infer<typeof one>;

/** The body of `POST /recommendations`: one history or user, or several. */
export type RecommendationRequest = z.infer<typeof single> | z.infer<typeof several>;

/** Which of the two a body means to be, so that what is wrong is said of that one. */
export function requestSchema(body: unknown): z.ZodType<RecommendationRequest> {
  const hasMany = body !== null && typeof body === 'object' && 'requests' in body;
  return hasMany ? several : single;
}
