// [data-autosubmit] sends its form by itself: a choice when it is made, a search box while one types. The
// address keeps one entry for a word being typed, not one for every letter.

const PAUSE = 120; // milliseconds without a key
let timer = 0;

function send(field, typed) {
  const { form } = field;
  if (!form) return;
  form.dataset.typed = typed ? (form.dataset.typed === "first" ? "again" : (form.dataset.typed ?? "first")) : "";
  form.requestSubmit();
}

document.addEventListener("change", ({ target }) => {
  if (target.matches?.("[data-autosubmit]") && target.type !== "search") send(target, false);
});

document.addEventListener("input", ({ target }) => {
  if (!target.matches?.("input[type=search][data-autosubmit]")) return;
  clearTimeout(timer);
  timer = setTimeout(() => send(target, true), PAUSE);
});

document.addEventListener("submit", () => clearTimeout(timer), true);
document.addEventListener("focusout", ({ target }) => {
  if (target.matches?.("[data-autosubmit]") && target.form) delete target.form.dataset.typed;
});

// Fields left blank stay out of the address.
document.addEventListener("htmx:config:request", ({ detail: { ctx } }) => {
  const { body, method } = ctx.request;
  if (!/^GET$/i.test(method) || !ctx.sourceElement.matches("form")) return;
  for (const name of new Set(body.keys())) if (body.getAll(name).every((value) => value === "")) body.delete(name);
  if (ctx.sourceElement.dataset.typed !== "again") return;
  ctx.replace = ctx.push;
  ctx.push = null;
});
