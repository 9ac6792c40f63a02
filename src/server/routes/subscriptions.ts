/**
 * Subscribing by the form, and the pages that links in mails lead to. A GET of those changes nothing, so that programs that
 * follow links confirm and unsubscribe nobody; the POST needs the signed token alone: no cookie, no page before it (RFC 8058).
 */
import { existsSync } from 'node:fs';
import { Hono } from 'hono';
import { html } from 'hono/html';
import { z } from 'zod';
import {
  type DigestStore,
  digestFolder,
  readMailAddress,
  readToken,
  requestSubscription,
  type Subscriber,
  type TokenPurpose,
  withDigestStore,
} from '../../digest/index.ts';
import type { SubscriptionResponse } from '../api.ts';
import type { ServerEnvironment, ServerRequest } from '../environment.ts';
import { HttpProblem } from '../http-problem.ts';
import type { MailDesk } from '../mail/mail-desk.ts';
import { plainPage } from '../plain-page.ts';
import { bodyOf } from '../request-parts.ts';

const request = z.strictObject({ email: z.string().max(254) });

/** `POST /subscriptions` under /api: asks by mail whether the owner of an address wants digests. */
export function subscriptionRoutes(desk: MailDesk): Hono<ServerEnvironment> {
  const app = new Hono<ServerEnvironment>();
  app.post('/subscriptions', async (context) => {
    const email = readMailAddress((await bodyOf(context, request)).email);
    if (email === undefined)
      throw new HttpProblem(400, 'this is not a mail address; write one like you@example.org');
    const { settings, baseUrl, sender } = desk.require();
    const outcome = withDigestStore(desk.root, (store) =>
      requestSubscription(store, { email, baseUrl, from: settings.from, now: new Date() }),
    );
    if (outcome === 'too-many')
      throw new HttpProblem(429, 'too many asked within the last hour; try again later', {
        retryAfter: 3600,
      });
    sender.wake();
    return context.json(
      {
        message: `A mail to ${email} asks to confirm; nothing else is sent there before that. An address that is subscribed already gets none.`,
      } satisfies SubscriptionResponse,
      202,
    );
  });
  return app;
}

/** `/subscriptions/confirm` and `/subscriptions/unsubscribe`: pages that need no session. */
export function tokenPages({ root }: Pick<MailDesk, 'root'>): Hono<ServerEnvironment> {
  const app = new Hono<ServerEnvironment>();
  app.get('/subscriptions/confirm', (context) =>
    answer(context, root, 'confirm', ({ subscriber: { email, state } }) =>
      state === 'subscribed'
        ? said('Subscribed', `${email} gets digests already.`)
        : asked(context, {
            title: 'Get digests?',
            text: `Digests of training runs are sent to ${email}, until you unsubscribe.`,
            button: 'Subscribe',
          }),
    ),
  );
  app.post('/subscriptions/confirm', (context) =>
    answer(context, root, 'confirm', ({ store, subscriber, nonce }) => {
      const confirmed = store.subscribers.confirm(subscriber.id, nonce, new Date());
      return confirmed && said('Subscribed', `${confirmed.email} gets digests from now on.`);
    }),
  );
  app.get('/subscriptions/unsubscribe', (context) =>
    answer(context, root, 'unsubscribe', ({ subscriber: { email, state } }) =>
      state === 'unsubscribed'
        ? said('Unsubscribed', `${email} gets no digests.`)
        : asked(context, {
            title: 'No more digests?',
            text: `Digests of training runs are sent to ${email}.`,
            button: 'Unsubscribe',
          }),
    ),
  );
  app.post('/subscriptions/unsubscribe', (context) =>
    answer(context, root, 'unsubscribe', ({ store, subscriber: { id, email } }) => {
      store.subscribers.unsubscribe(id, new Date());
      return said('Unsubscribed', `${email} gets no more digests.`);
    }),
  );
  return app;
}

interface Visit {
  readonly store: DigestStore;
  readonly subscriber: Subscriber;
  readonly nonce: string;
}

type Page = ReturnType<typeof plainPage>;

/** Answers with what `show` says to the holder of a token; a page that says so for any other text. */
function answer(
  context: ServerRequest,
  root: string,
  purpose: TokenPurpose,
  show: (visit: Visit) => Page | undefined,
): Response | Promise<Response> {
  const token = context.req.query('token') ?? '';
  // Nobody ever subscribed here, and a visit makes no folder.
  const page = existsSync(digestFolder(root))
    ? withDigestStore(root, (store) => {
        const visit = visitOf(store, token, purpose);
        return visit && show(visit);
      })
    : undefined;
  return page === undefined ? context.html(invalid(purpose), 400) : context.html(page);
}

function visitOf(store: DigestStore, token: string, purpose: TokenPurpose): Visit | undefined {
  const claims = readToken(store.key, token, purpose);
  const subscriber = claims && store.subscribers.get(claims.subscriber);
  if (subscriber === undefined) return undefined;
  const isOld = purpose === 'confirm' && subscriber.nonce !== claims!.nonce;
  return isOld ? undefined : { store, subscriber, nonce: claims!.nonce };
}

const said = (title: string, text: string): Page => plainPage(title, html`<p>${text}</p>`);

const asked = (
  context: ServerRequest,
  { title, text, button }: { title: string; text: string; button: string },
): Page =>
  plainPage(
    title,
    html`<p>${text}</p>
      <form method="post" action="?token=${context.req.query('token')}">
        <button>${button}</button>
      </form>`,
  );

const invalid = (purpose: TokenPurpose): Page =>
  plainPage(
    'This link does not work',
    html`<p role="alert">${
      purpose === 'confirm'
        ? 'It may be older than seven days, or of an earlier request; ask again on the page of papers.'
        : 'It may have been cut off; copy all of it from the mail.'
    }</p>`,
  );
