// <button data-print>: the page as it is, on paper.
document.addEventListener("click", ({ target }) => {
  if (target.closest?.("[data-print]")) window.print();
});
