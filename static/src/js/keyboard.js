// Keys without Ctrl, for those who work here all day. <a data-key="n"> or <button data-key="a"> is pressed by
// that key; modules add others with shortcut(). «?» lists them, and there they can be switched off.
import { make } from "./build.js";
import { say } from "./words.js";

const shortcuts = new Map();
const TYPING = "input:not([type=checkbox]):not([type=radio]), textarea, select, [contenteditable]";

/** Let `key` do `run()`; `label` is what the list of keys says. `run` returning false lets the key through. */
export function shortcut(key, label, run) {
  shortcuts.set(key, { label, run });
}

function enabled() {
  try {
    return localStorage.getItem("keys") !== "off";
  } catch {
    return true;
  }
}

function enable(on) {
  try {
    localStorage.setItem("keys", on ? "on" : "off");
  } catch {
    // Storage is switched off: keys stay on.
  }
}

const visible = (element) => element.checkVisibility?.() ?? element.offsetParent !== null;
const keyed = () => [...document.querySelectorAll("[data-key]")].filter(visible);

function pressed(key) {
  const element = keyed().find(({ dataset }) => dataset.key === key);
  if (!element) return shortcuts.has(key) && shortcuts.get(key).run() !== false;
  element.focus();
  element.click();
  return true;
}

document.addEventListener("keydown", (event) => {
  const { key, target } = event;
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || event.defaultPrevented) return;
  if (target.closest?.(TYPING) || document.querySelector("dialog:modal")) return;
  if (key === "?" || (enabled() && pressed(key))) event.preventDefault();
  if (key === "?") showKeys();
});

function name(element) {
  return element.dataset.keyLabel ?? element.getAttribute("aria-label") ?? element.textContent.trim();
}

function showKeys() {
  const entries = [...keyed().map((element) => [element.dataset.key, name(element)])];
  for (const [key, { label }] of shortcuts) entries.push([key, label]);
  const rows = entries.flatMap(([key, label]) => [make("dt", {}, make("kbd", {}, key)), make("dd", {}, label)]);
  const box = make("input", { type: "checkbox", className: "form-check-input", checked: enabled(), id: "keys-on" });
  box.addEventListener("change", () => enable(box.checked));
  const dialog = make(
    "dialog",
    { className: "dialog", "aria-labelledby": "keys-title", "data-keys": "" },
    make("div", { className: "dialog-head" }, make("h2", { id: "keys-title" }, say("keys"))),
    make(
      "div",
      { className: "dialog-body" },
      make("dl", { className: "keys" }, ...rows),
      make("label", { className: "form-check" }, box, say("keys_on")),
    ),
    make("form", { method: "dialog", className: "dialog-foot" }, make("button", { className: "btn" }, say("close"))),
  );
  document.body.append(dialog);
  dialog.addEventListener("close", () => dialog.remove());
  dialog.showModal();
}

document.addEventListener("click", ({ target }) => {
  if (target.closest?.("[data-show-keys]")) showKeys();
});
