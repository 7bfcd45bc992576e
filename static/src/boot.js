// Runs before the first paint: which theme was chosen, and that scripts work at all.
const root = document.documentElement;
root.classList.add("js");
try {
  const theme = localStorage.getItem("theme");
  if (theme) root.dataset.bsTheme = theme;
} catch {
  // Storage is switched off: the system's own theme stays.
}
