import { html, raw } from 'hono/html';
import { mailStyle } from './mail-style.ts';

/** A piece of HTML; text put into it with `html` is escaped. */
export type Html = ReturnType<typeof html>;

/** The frame of every mail: one column that fits a phone. */
export const mailPage = (title: string, content: Html): string =>
  html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="supported-color-schemes" content="light dark">
<title>${title}</title>
<style>${raw(mailStyle)}</style>
</head>
<body>
<table role="presentation" class="sheet" align="center"><tr><td class="cell">
${content}
</td></tr></table>
</body>
</html>
`.toString();
