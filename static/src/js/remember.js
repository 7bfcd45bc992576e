// <form data-remember="name"> keeps in this tab what is typed and not saved, so that it is there again after
// signing in anew. It is the reader's own: another account never sees it, and it goes with the tab.
import { enhance } from "./enhance.js";
import { toast } from "./toast.js";
import { say } from "./words.js";

const reader = document.querySelector('meta[name="reader"]')?.content ?? "";
const PREFIX = "typed:";
const key = (form) => `${PREFIX}${reader}:${form.dataset.remember}`;
const KEPT = "textarea[name], select[name], input[name]:not([type=hidden], [type=file], [type=password], [type=radio]), input[type=radio][name]:checked";

function state(form) {
  return [...form.querySelectorAll(KEPT)].map(({ name, value }) => [name, value]);
}

/** Keep what is typed in `form`. */
export function remember(form) {
  if (form.dataset.remember && reader) sessionStorage.setItem(key(form), JSON.stringify({ typed: state(form), sent: false }));
}

/** It is saved: nothing needs to be kept any longer. */
export function forget(form) {
  if (form.dataset.remember) sessionStorage.removeItem(key(form));
}

function fill(form, [name, value]) {
  const field = form.elements[name];
  if (!field || field.value === value) return false;
  field.value = value;
  return true;
}

/** A form that was sent is settled once a page comes back that is not the sign-in page. */
function settle() {
  for (const name of Object.keys(sessionStorage).filter((name) => name.startsWith(PREFIX))) {
    const kept = JSON.parse(sessionStorage.getItem(name));
    if (reader && kept.sent) sessionStorage.removeItem(name);
    else if (!reader) sessionStorage.setItem(name, JSON.stringify({ ...kept, sent: false }));
  }
}

settle();

enhance("form[data-remember]", (form) => {
  const kept = JSON.parse(sessionStorage.getItem(key(form)) ?? "null");
  // A page that came back with mistakes shows what was typed by itself.
  if (kept && !document.querySelector("[data-error-summary]")) {
    const filled = kept.typed.filter((field) => fill(form, field));
    if (filled.length) {
      toast(say("typed_again"), { tone: "info" });
      // Once every module has begun to listen.
      setTimeout(() => form.dispatchEvent(new Event("input", { bubbles: true })));
    }
  }
  if (!("autosave" in form.dataset)) form.addEventListener("input", () => remember(form));
  form.addEventListener("submit", () => {
    const now = { typed: state(form), sent: true };
    if (reader) sessionStorage.setItem(key(form), JSON.stringify(now));
  });
});
