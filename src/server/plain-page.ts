import { html } from 'hono/html';

/** The look of pages that stand alone, without the dashboard's scripts. */
export const plainStyle = `:root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif; }
body { margin: 0; min-height: 100vh; display: grid; place-items: center; }
main { width: min(26rem, calc(100vw - 3rem)); }
h1 { font-size: 1.5rem; }
p { overflow-wrap: anywhere; }
label, input, button { display: block; width: 100%; box-sizing: border-box; font: inherit; }
input, button { margin-top: 0.5rem; padding: 0.6rem; }
[role='alert'] { font-weight: 600; }
`;

/** A page of a few words and at most a form. */
export const plainPage = (title: string, content: unknown) => html`<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8" />
    <meta name="viewport" content="width=device-width, initial-scale=1" />
    <title>${title} · Laurel</title>
    <link rel="stylesheet" href="/sign-in.css" />
  </head>
  <body>
    <main><h1>${title}</h1>${content}</main>
  </body>
</html>`;
