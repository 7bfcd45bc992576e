// htmx hands options to Document.parseHTMLUnsafe, with which some releases of Chromium (143 among them) refuse any
// page. Without it htmx parses as in browsers that never had it.
try {
  Document.parseHTMLUnsafe?.("", {});
} catch {
  delete Document.parseHTMLUnsafe;
}
