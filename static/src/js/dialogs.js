// <button data-dialog="note"> opens <dialog id="note">; [data-close] inside closes it, so does a click
// beside it. A dialog that htmx brings in with data-open opens by itself.
import { enhance } from "./enhance.js";

document.addEventListener("click", ({ target }) => {
  const opener = target.closest?.("[data-dialog]");
  if (opener) document.getElementById(opener.dataset.dialog)?.showModal();
  if (target.closest?.("[data-close]")) target.closest("dialog")?.close();
  if (target.matches?.("dialog[open]")) target.close();
});

enhance("dialog[data-open]", (dialog) => {
  dialog.showModal();
  dialog.addEventListener("close", () => dialog.remove());
});
