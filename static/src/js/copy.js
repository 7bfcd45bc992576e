// <button data-copy="text"> or <button data-copy-from="#id">.
import { toast } from "./toast.js";
import { say } from "./words.js";

document.addEventListener("click", async ({ target }) => {
  const button = target.closest?.("[data-copy], [data-copy-from]");
  if (!button) return;
  const source = button.dataset.copyFrom && document.querySelector(button.dataset.copyFrom);
  const text = button.dataset.copy ?? source?.value ?? source?.textContent.trim() ?? "";
  try {
    await navigator.clipboard.writeText(text);
    toast(say("copied"), { tone: "ok" });
  } catch {
    toast(say("not_copied", { text }), { tone: "info" });
  }
});
