import { type ClientRequest, get } from 'node:http';
import { afterAll, expect } from 'vitest';
import type { LiveEvents } from '../../src/server/api.ts';
import type { Dashboard } from '../../src/server/index.ts';
import { bearer } from './dashboard.ts';

/** An event as it came in. */
export type Received = {
  readonly [Name in keyof LiveEvents]: { readonly name: Name; readonly data: LiveEvents[Name] };
}[keyof LiveEvents];

/** Listens to a dashboard as a browser does. */
export interface LiveClient {
  readonly received: readonly Received[];
  /** What was sent, comments and all. */
  readonly text: () => string;
  readonly lastId: () => string | undefined;
  readonly isOpen: () => boolean;
  /** Waits for an event that passes. */
  next<Name extends keyof LiveEvents>(
    name: Name,
    passes?: (data: LiveEvents[Name]) => boolean,
  ): Promise<LiveEvents[Name]>;
  close(): void;
}

/** Opens the stream of events. @param lastId - Of an earlier connection. */
export function listen(dashboard: Dashboard, lastId?: string): LiveClient {
  let [text, lastSeen, isOpen] = ['', undefined as string | undefined, true];
  const received: Received[] = [];
  const headers = {
    ...bearer(dashboard),
    ...(lastId !== undefined && { 'last-event-id': lastId }),
  };
  const request: ClientRequest = get(`${dashboard.origin}/api/events`, { headers }, (response) => {
    let rest = '';
    response.setEncoding('utf8');
    response.on('data', (piece: string) => {
      text += piece;
      const blocks = (rest + piece).split('\n\n');
      rest = blocks.pop()!;
      for (const block of blocks) {
        const field = (name: string) => new RegExp(`^${name}: (.*)$`, 'm').exec(block)?.[1];
        lastSeen = field('id') ?? lastSeen;
        const name = field('event') as Received['name'] | undefined;
        if (name !== undefined)
          received.push({ name, data: JSON.parse(field('data')!) } as Received);
      }
    });
    response.on('close', () => {
      isOpen = false;
    });
  });
  request.on('error', () => {
    isOpen = false;
  });
  afterAll(() => request.destroy());
  return {
    received,
    text: () => text,
    lastId: () => lastSeen,
    isOpen: () => isOpen,
    close: () => request.destroy(),
    async next(name, passes = () => true) {
      const find = () => received.find((each) => each.name === name && passes(each.data as never));
      await expect.poll(find, { timeout: 10_000 }).toBeDefined();
      return find()!.data as never;
    },
  };
}
