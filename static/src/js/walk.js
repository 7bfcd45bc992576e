// j and k go through <ul data-walk>; its links are the stops. data-walk="open" also opens each one.
import { shortcut } from "./keyboard.js";
import { say } from "./words.js";

function step(by) {
  const list = document.querySelector("[data-walk]");
  const stops = [...(list?.querySelectorAll("a[href], [data-walk-stop]") ?? [])];
  if (!stops.length) return false;
  const here = stops.findIndex((stop) => stop === document.activeElement || stop.contains(document.activeElement));
  const from = here >= 0 ? here : stops.findIndex((stop) => stop.getAttribute("aria-current") === "true");
  const next = stops[Math.min(Math.max(from + by, 0), stops.length - 1)];
  next.focus();
  if (list.dataset.walk === "open") next.click();
  return true;
}

shortcut("j", say("next_item"), () => step(1));
shortcut("k", say("previous_item"), () => step(-1));
