// <form data-inline>: a row mended in place. Escape gives it up, by its [data-cancel].

document.addEventListener("keydown", (event) => {
  const form = event.target.closest?.("form[data-inline]");
  if (!form || event.key !== "Escape" || event.isComposing || event.defaultPrevented) return;
  event.preventDefault();
  form.querySelector("[data-cancel]").click();
});
