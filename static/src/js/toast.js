// A word at the edge of the page. What went wrong stays until it is put away; the rest goes by itself.
import htmx from "htmx.org";
import { icon, make } from "./build.js";
import { say } from "./words.js";

const ICONS = { ok: "circle-check", seal: "alert-circle", info: "info-circle" };
const SECONDS = { ok: 6, info: 8 };

function place() {
  return (
    document.getElementById("toasts") ??
    document.body.appendChild(make("div", { id: "toasts", className: "toasts" }))
  );
}

function undoButton(url, done) {
  const button = make("button", { type: "button", className: "btn btn-sm" }, say("undo"));
  button.addEventListener("click", () => {
    done();
    htmx.ajax("POST", url, { source: document.body, swap: "none" });
  });
  return button;
}

function leaveLater(box, seconds) {
  let timer = 0;
  const wait = () => (timer = setTimeout(() => box.remove(), seconds * 1000));
  for (const event of ["pointerenter", "focusin"]) box.addEventListener(event, () => clearTimeout(timer));
  for (const event of ["pointerleave", "focusout"]) box.addEventListener(event, wait);
  wait();
}

/** Show `text`; `tone` is ok, info or seal (went wrong), `undo` an address to POST to. */
export function toast(text, { tone = "info", undo = "" } = {}) {
  const close = make(
    "button",
    { type: "button", className: "btn btn-quiet btn-sm btn-icon", "aria-label": say("close") },
    icon("x"),
  );
  const box = make("div", { className: `toast toast-${tone}`, role: tone === "seal" ? "alert" : "status" });
  const leave = () => box.remove();
  close.addEventListener("click", leave);
  box.append(icon(ICONS[tone] ?? ICONS.info), make("div", { className: "toast-text" }, text));
  if (undo) box.append(undoButton(undo, leave));
  box.append(close);
  place().append(box);
  if (SECONDS[tone]) leaveLater(box, SECONDS[tone] + (undo ? 4 : 0));
}

// The server speaks through the header HX-Trigger: {"toast": {"text": "…", "tone": "ok", "undo": "/…"}}
document.addEventListener("toast", ({ detail }) => toast(detail.text, detail));
