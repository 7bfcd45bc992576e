// <details data-opens-for="2022:A0203 2013:A0203"> unfolds when a class that begins so is chosen in its form.
document.addEventListener("change", ({ target }) => {
  const form = target.closest?.("form");
  const chosen = form?.elements.namedItem("category")?.value;
  if (!chosen || !target.closest(".chooser")) return;
  for (const part of form.querySelectorAll("details[data-opens-for]")) {
    if (part.dataset.opensFor.split(" ").some((start) => chosen.startsWith(start))) part.open = true;
  }
});
