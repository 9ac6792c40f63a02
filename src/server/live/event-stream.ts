import { encodeRetry } from './encode-event.ts';
import type { LiveFeed } from './live-feed.ts';

const RETRY_MS = 1000;
/** What may wait for a browser that reads slowly before it is let go. */
const MOST_WAITING_BYTES = 4 * 2 ** 20;

/** The body of an answer that goes on: the feed's events, until the browser leaves. */
export function eventStream(
  feed: LiveFeed,
  lastId: string | undefined,
): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder();
  let stop = (): void => {};
  return new ReadableStream<Uint8Array>(
    {
      start(controller) {
        const send = (text: string): boolean => {
          if ((controller.desiredSize ?? 0) < -MOST_WAITING_BYTES) return false;
          controller.enqueue(encoder.encode(text));
          return true;
        };
        send(encodeRetry(RETRY_MS));
        stop = feed.subscribe({ send, close: () => controller.close() }, lastId);
      },
      cancel: () => stop(),
    },
    new ByteLengthQueuingStrategy({ highWaterMark: 2 ** 16 }),
  );
}
