// <ul data-reorder="/address">, children with data-id: dragging changes the order and sends the ids as `order`.
// Buttons in each child do the same for the keyboard and without scripts.
import htmx from "htmx.org";
import { enhance } from "./enhance.js";

const order = (list) => [...list.children].map(({ dataset }) => dataset.id).join(",");

enhance("[data-reorder]", (list) => {
  let dragged = null;
  let before = "";
  for (const child of list.children) child.draggable = true;
  list.addEventListener("dragstart", ({ target, dataTransfer }) => {
    dragged = target.closest("[data-reorder] > *");
    before = order(list);
    dataTransfer.effectAllowed = "move";
    dragged.classList.add("is-dragged");
  });
  list.addEventListener("dragover", (event) => {
    const over = event.target.closest("[data-reorder] > *");
    if (!dragged) return;
    event.preventDefault();
    if (!over || over === dragged) return;
    const { left, width } = over.getBoundingClientRect();
    over[event.clientX < left + width / 2 ? "before" : "after"](dragged);
  });
  list.addEventListener("dragend", () => {
    dragged?.classList.remove("is-dragged");
    dragged = null;
    if (order(list) === before) return;
    htmx.ajax("POST", list.dataset.reorder, { source: list, swap: "none", values: { order: order(list) } });
  });
});
