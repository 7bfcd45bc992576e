// A button that needs a word first: <button data-needs="id of a field" data-needs-text="what is missing">. While the
// field is empty the button leads there and says so, before anything is asked or sent.
import { enhance } from "./enhance.js";

document.addEventListener(
  "click",
  (event) => {
    const button = event.target.closest?.("button[data-needs]");
    const field = button && document.getElementById(button.dataset.needs);
    if (!field || field.value.trim().length > 1) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    field.setCustomValidity(button.dataset.needsText);
    field.addEventListener("input", () => field.setCustomValidity(""), { once: true });
    field.focus();
    field.reportValidity();
  },
  true,
);

// In a list that scrolls by itself the one in hand is in view.
enhance('[data-walk] [aria-current="true"]', (stop) => {
  const frame = stop.closest(".stays");
  if (!frame || frame.scrollHeight <= frame.clientHeight) return;
  frame.scrollTop = stop.offsetTop - frame.offsetTop - frame.clientHeight / 2;
});
