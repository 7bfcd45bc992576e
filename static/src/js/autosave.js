// <form data-autosave> keeps what is typed, a moment after the last key: the form is sent to its own address, and
// the pieces of the answer marked [data-live] take the places of those with the same id. Fields stay as they are.
// What could not be kept (no network, signed out meanwhile) stays in this tab: see remember.js.
import { ourHeaders } from "./requests.js";
import { forget, remember } from "./remember.js";
import { toast } from "./toast.js";
import { say } from "./words.js";
import { enhance } from "./enhance.js";

const PAUSE = 600; // milliseconds without a key

/** What is typed, without files: those are sent by their own button. */
function typed(form) {
  const fields = [...new FormData(form)].filter(([, value]) => typeof value === "string");
  return new URLSearchParams(fields);
}

function show(html) {
  const page = new DOMParser().parseFromString(html, "text/html");
  for (const piece of page.querySelectorAll("[data-live][id]")) {
    const shown = document.getElementById(piece.id);
    if (shown && shown.innerHTML !== piece.innerHTML) shown.innerHTML = piece.innerHTML;
  }
}

async function save(form, signal) {
  const answer = await fetch(form.action, { method: "POST", body: typed(form), headers: ourHeaders(), signal });
  if (answer.status === 401) return toast(say("signed_out"), { tone: "seal" });
  if (!answer.ok && answer.status !== 422) return toast(say(answer.status >= 500 ? "error_5xx" : "error_any"), { tone: "seal" });
  show(await answer.text());
  if (answer.ok) forget(form);
}

enhance("form[data-autosave]", (form) => {
  let timer = 0;
  let under = new AbortController();
  const send = () => {
    under.abort();
    under = new AbortController();
    save(form, under.signal).catch((error) => error.name !== "AbortError" && toast(say("offline"), { tone: "seal" }));
  };
  const later = ({ target }) => {
    if (target.type === "file") return;
    remember(form);
    clearTimeout(timer);
    timer = setTimeout(send, PAUSE);
  };
  form.addEventListener("input", later);
  form.addEventListener("change", later);
  form.addEventListener("submit", () => {
    clearTimeout(timer);
    under.abort();
  });
});
