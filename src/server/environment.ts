import type { HttpBindings } from '@hono/node-server';
import type { Context } from 'hono';

/** What handlers know of a request. */
export interface ServerEnvironment {
  readonly Bindings: Partial<HttpBindings>;
  readonly Variables: {
    /** How the caller showed who it is: a browser by its cookie, a program by the token. */
    caller: 'browser' | 'program';
  };
}

export type ServerRequest = Context<ServerEnvironment>;
