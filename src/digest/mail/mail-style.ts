/**
 * The look of a mail: the dashboard's colours, light unless the reader's program says dark. Mail programs know few rules, so
 * that everything works without the second half, and nothing hangs on a class alone.
 */
export const mailStyle = `
:root { color-scheme: light dark; supported-color-schemes: light dark; }
body { margin: 0; padding: 0; background: #f5f6f2; color: #16201a; }
table { border-collapse: collapse; }
img { max-width: 100%; height: auto; border: 0; }
a { color: #1c6845; }
.sheet { width: 100%; max-width: 600px; margin: 0 auto; }
.cell { padding: 24px 16px; font: 16px/1.5 system-ui, -apple-system, 'Segoe UI', Roboto, sans-serif; }
h1 { margin: 0; font: 500 26px/1.25 Georgia, 'Palatino Linotype', serif; }
h2 { margin: 0; font-size: 18px; line-height: 1.35; font-weight: 600; overflow-wrap: anywhere; }
p { margin: 6px 0 0; }
.soft { color: #48564d; font-size: 14px; }
.card { margin-top: 20px; padding: 18px; border: 1px solid #dce1d8; border-radius: 10px; background: #ffffff; }
.state { font-size: 13px; font-weight: 600; }
.finished { color: #1c6845; }
.failed { color: #b0281f; }
.interrupted { color: #855500; }
.figures { width: 100%; margin-top: 12px; font-size: 14px; font-variant-numeric: tabular-nums; }
.figures th { padding: 4px 8px 4px 0; border-bottom: 1px solid #dce1d8; color: #5f6c64; font-weight: 400; text-align: left; }
.figures td { padding: 5px 8px 5px 0; border-bottom: 1px solid #dce1d8; vertical-align: top; }
.figures code { font: 13px/1.5 ui-monospace, Menlo, Consolas, monospace; overflow-wrap: anywhere; }
.plot { display: block; width: 100%; margin-top: 16px; border-radius: 8px; }
.notice { margin-top: 16px; padding: 12px 14px; border-radius: 6px; background: #f7ecd5; color: #16201a; font-size: 14px; }
.button { display: inline-block; margin-top: 16px; padding: 10px 18px; border-radius: 6px; background: #1c6845; color: #ffffff; text-decoration: none; }
.foot { margin-top: 24px; padding-top: 14px; border-top: 1px solid #dce1d8; color: #5f6c64; font-size: 13px; }
@media (prefers-color-scheme: dark) {
  body { background: #0f1512 !important; color: #e6ece7 !important; }
  a { color: #86cda8 !important; }
  .soft { color: #b0bbb3 !important; }
  .card { background: #161d19 !important; border-color: #29322c !important; }
  .finished { color: #86cda8 !important; }
  .failed { color: #f4958c !important; }
  .interrupted { color: #e3b466 !important; }
  .figures th { color: #8f9b93 !important; border-color: #29322c !important; }
  .figures td { border-color: #29322c !important; }
  .notice { background: #33280f !important; color: #e6ece7 !important; }
  .button { background: #86cda8 !important; color: #0c1a12 !important; }
  .foot { color: #8f9b93 !important; border-color: #29322c !important; }
}
@media (max-width: 480px) {
  .cell { padding: 16px 12px; }
  .card { padding: 14px; }
}
`;
