// <button data-fill='{"username": "…", "password": "…"}'> types into the fields of its page (demo accounts),
// and <button data-reveal="id"> shows what was typed into a password field.
document.addEventListener("click", ({ target }) => {
  const filler = target.closest?.("[data-fill]");
  if (filler) {
    for (const [name, value] of Object.entries(JSON.parse(filler.dataset.fill))) {
      const field = document.querySelector(`[name="${CSS.escape(name)}"]`);
      if (field) field.value = value;
    }
    document.querySelector("[data-fill-next]")?.focus();
  }
  const revealer = target.closest?.("[data-reveal]");
  if (revealer) {
    const field = document.getElementById(revealer.dataset.reveal);
    const shown = field.type === "password";
    field.type = shown ? "text" : "password";
    revealer.setAttribute("aria-pressed", String(shown));
  }
});
