import { randomUUID } from 'node:crypto';

/** A Message-ID that no other message has: recorded before the message is sent, and kept at every try. */
export const newMessageId = (kind: string, from: string): string =>
  `<laurel-${kind}-${randomUUID()}@${from.slice(from.lastIndexOf('@') + 1)}>`;
