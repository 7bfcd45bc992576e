// Facets: a class and what lies below it exclude each other, long lists narrow by typing, and what is ticked
// follows the address when a condition is taken back elsewhere.

const branch = (box) => box.closest("li");

/** Ticking 计算机 and then 台式计算机 means the second: together they would be no narrower than the first. */
function settleTree(box) {
  for (const below of branch(box).querySelectorAll(":scope > details input:checked")) below.checked = false;
  for (let above = branch(box).parentElement.closest("li"); above; above = above.parentElement.closest("li")) {
    above.querySelector("input").checked = false;
  }
}

// Before the form is sent, which another listener does.
document.addEventListener(
  "change",
  ({ target }) => {
    if (target.checked && target.closest?.("[data-tree]")) settleTree(target);
  },
  true,
);

const plain = (text) => text.normalize("NFKC").toLowerCase();

/** Shows the branches whose name contains what was typed, with all that leads to them. */
function narrow(input) {
  const wanted = plain(input.value.trim());
  const rows = [...document.querySelectorAll(`#${CSS.escape(input.dataset.narrow)} .facet-tree li`)];
  for (const row of rows) row.hidden = wanted !== "" && !plain(row.querySelector(".name").textContent).includes(wanted);
  if (!wanted) return;
  for (const row of rows.filter(({ hidden }) => !hidden)) {
    for (let above = row.parentElement.closest("li"); above; above = above.parentElement.closest("li")) {
      above.hidden = false;
      above.querySelector("details").open = true;
    }
  }
}

document.addEventListener("input", ({ target }) => {
  if (target.matches?.("[data-narrow]")) narrow(target);
});

document.addEventListener("keydown", (event) => {
  if (!event.target.matches?.("[data-narrow]")) return;
  if (event.key === "Enter") event.preventDefault();
  if (event.key !== "Escape" || !event.target.value) return;
  event.preventDefault();
  event.target.value = "";
  narrow(event.target);
});

function follow(facets) {
  for (const box of facets.querySelectorAll("input[data-autosubmit]")) {
    if (box.type === "checkbox" || box.type === "radio") box.checked = box.defaultChecked;
  }
  for (const input of facets.querySelectorAll("[data-narrow]")) if (input.value) narrow(input);
}

/** A chosen filter starts the result over: its beginning comes into view, and the focus stays on the page. */
function lookAtResults(results) {
  if (results.getBoundingClientRect().top < 0) results.scrollIntoView({ block: "start" });
  if (document.activeElement === document.body) results.focus({ preventScroll: true });
}

document.addEventListener("htmx:after:swap", ({ detail: { ctx } }) => {
  if (ctx.target?.id !== "results") return;
  for (const part of document.querySelectorAll("#facets, #toggles")) follow(part);
  lookAtResults(ctx.target);
});
