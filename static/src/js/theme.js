// <button data-theme-choice="light|dark|system">; kept for this browser.
import { enhance } from "./enhance.js";

const root = document.documentElement;
const current = () => root.dataset.bsTheme ?? "system";

function choose(theme) {
  if (theme === "system") delete root.dataset.bsTheme;
  else root.dataset.bsTheme = theme;
  try {
    if (theme === "system") localStorage.removeItem("theme");
    else localStorage.setItem("theme", theme);
  } catch {
    // Storage is switched off: the choice holds for this page.
  }
  for (const button of document.querySelectorAll("[data-theme-choice]")) show(button);
  document.dispatchEvent(new Event("theme"));
}

function show(button) {
  button.setAttribute("aria-pressed", String(button.dataset.themeChoice === current()));
}

enhance("[data-theme-choice]", (button) => {
  show(button);
  button.addEventListener("click", () => choose(button.dataset.themeChoice));
});
