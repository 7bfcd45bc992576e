// <button data-sheet-open="facets"> puts <aside id="facets" data-sheet data-sheet-title="…"> into a sheet that
// rises from the bottom of a phone; closing puts it back. Without scripts it stays where it stands. Its button
// says what <… data-sheet-done> inside the part says, which htmx may change while the sheet is open.
import { icon, make } from "./build.js";
import { say } from "./words.js";

function head(title) {
  const close = make(
    "button",
    { type: "button", className: "btn btn-quiet btn-icon", "data-close": "", "aria-label": say("close") },
    icon("x"),
  );
  return make("div", { className: "sheet-head" }, make("h2", { id: "sheet-title" }, title), close);
}

function foot() {
  const done = make(
    "button",
    { type: "button", className: "btn btn-primary btn-wide", "data-close": "", "data-sheet-close": "" },
    say("show_results"),
  );
  return make("div", { className: "sheet-foot" }, done);
}

/** The button follows what the part says: how many results there are by now. */
function label() {
  const done = document.querySelector("[data-sheet-close]");
  const said = document.querySelector(".sheet-body [data-sheet-done]")?.textContent;
  if (done && said) done.textContent = said;
}

function raise(part) {
  const keeper = document.createComment("sheet");
  part.replaceWith(keeper);
  part.classList.add("is-sheet");
  const body = make("div", { className: "sheet-body" }, part);
  const sheet = make(
    "dialog",
    { className: "sheet", "aria-labelledby": "sheet-title" },
    head(part.dataset.sheetTitle ?? ""),
    body,
    foot(),
  );
  document.body.append(sheet);
  label();
  sheet.showModal();
  sheet.addEventListener("close", () => {
    // htmx may have replaced the part meanwhile: what lies in the sheet now goes back.
    for (const child of body.children) child.classList.remove("is-sheet");
    keeper.replaceWith(...body.childNodes);
    sheet.remove();
  });
}

document.addEventListener("click", ({ target }) => {
  const part = document.getElementById(target.closest?.("[data-sheet-open]")?.dataset.sheetOpen);
  if (part && !part.closest("dialog")) raise(part);
});

// A part that htmx brought into an open sheet belongs to it.
document.addEventListener("htmx:after:process", () => {
  for (const part of document.querySelectorAll(".sheet-body > [data-sheet]")) part.classList.add("is-sheet");
});

document.addEventListener("htmx:after:swap", label);
