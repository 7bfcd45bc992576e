// <details class="menu"> behaves like a menu: one open at a time, closed by Escape and by a click elsewhere. So do
// the facets of a .filter-bar, unless they lie in a sheet.

const MENU = ":is(details.menu, .filter-bar:not(.is-sheet) > details.facet)[open]";
const open = () => document.querySelectorAll(MENU);

document.addEventListener("click", ({ target }) => {
  for (const menu of open()) if (!menu.contains(target)) menu.open = false;
});

document.addEventListener("keydown", ({ key }) => {
  if (key !== "Escape") return;
  for (const menu of open()) {
    menu.open = false;
    menu.querySelector("summary").focus();
  }
});

document.addEventListener("focusout", ({ target, relatedTarget }) => {
  const menu = target.closest?.(MENU);
  if (menu && relatedTarget && !menu.contains(relatedTarget)) menu.open = false;
});
