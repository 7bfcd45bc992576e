// htmx, told how we do things: the CSRF header, one sending at a time, what to do when it goes wrong,
// and where the focus goes.
import htmx from "htmx.org";
import { toast } from "./toast.js";
import { say } from "./words.js";

const token = () => document.querySelector('meta[name="csrf-token"]')?.content ?? "";
const reads = (method) => /^(GET|HEAD)$/i.test(method);
const underWay = new WeakSet();

/** What an error page says, made short: its [data-error-message], or a sentence for the status. */
export function complaint(status, html) {
  const page = new DOMParser().parseFromString(html, "text/html");
  const said = page.querySelector("[data-error-message]")?.textContent.trim();
  const known = [401, 403, 404, 409, 413, 429].includes(status) ? `error_${status}` : "error_any";
  return said || say(status >= 500 ? "error_5xx" : known);
}

/** Headers that every sending of ours carries. */
export function ourHeaders() {
  return { "X-CSRFToken": token(), "HX-Request": "true", Accept: "text/html" };
}

function marks(ctx) {
  return [ctx.request.submitter, ctx.target].filter(Boolean);
}

document.addEventListener("htmx:config:request", (event) => {
  const { ctx } = event.detail;
  if (reads(ctx.request.method)) return;
  ctx.request.headers["X-CSRFToken"] = token();
  if (underWay.has(ctx.sourceElement)) event.preventDefault();
});

/** Whether somebody pressed the button that brings more; when it came into view by itself nobody did. */
function asked(button) {
  return button === document.activeElement && button.closest(".load-more") !== null;
}

document.addEventListener("htmx:before:request", ({ detail: { ctx } }) => {
  if (!reads(ctx.request.method)) underWay.add(ctx.sourceElement);
  ctx.shownBefore = asked(ctx.sourceElement) ? ctx.sourceElement.closest(".load-more").previousElementSibling : null;
  for (const element of marks(ctx)) element.setAttribute("aria-busy", "true");
});

document.addEventListener("htmx:finally:request", ({ detail: { ctx } }) => {
  underWay.delete(ctx.sourceElement);
  for (const element of marks(ctx)) element.removeAttribute("aria-busy");
});

// An error page does not belong inside the page it came from. A form sent back with its mistakes (422)
// does, and so does whatever the server or the element asks for by HX-Reswap, HX-Retarget or hx-status.
function wanted({ response, hx, sourceElement }) {
  const { status } = response;
  return (
    status < 400 ||
    status === 422 ||
    Boolean(hx?.reswap || hx?.retarget) ||
    sourceElement.hasAttribute(`hx-status:${status}`)
  );
}

// What a page asks for by itself, and can do without.
function quiet({ sourceElement }) {
  return sourceElement.hasAttribute("data-quiet");
}

let focused = "";

document.addEventListener("htmx:before:swap", (event) => {
  const { ctx } = event.detail;
  focused = document.activeElement?.id ?? "";
  if (!ctx.response || wanted(ctx)) return;
  event.preventDefault();
  if (quiet(ctx)) return;
  toast(complaint(ctx.response.status, ctx.text ?? ""), { tone: "seal" });
});

document.addEventListener("htmx:error", ({ detail: { ctx } }) => {
  if (ctx && !ctx.response && !quiet(ctx)) toast(say("offline"), { tone: "seal" });
});

// What had the focus keeps it, even where it had to be moved or made anew.
document.addEventListener("htmx:after:swap", ({ detail: { ctx } }) => {
  if (focused && document.activeElement === document.body) document.getElementById(focused)?.focus({ preventScroll: true });
  if (ctx.response?.status === 422) focusMistake(document);
  if (ctx.shownBefore) ctx.shownBefore.nextElementSibling?.querySelector("a, button")?.focus();
});

function focusMistake(root) {
  root.querySelector("[data-error-summary], [aria-invalid='true']")?.focus();
}

// A full page that came back with mistakes.
focusMistake(document);
