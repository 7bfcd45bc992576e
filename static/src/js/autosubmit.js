// <select data-autosubmit>: choosing sends the form, as its button (class no-js) would.
document.addEventListener("change", ({ target }) => {
  if (target.matches?.("[data-autosubmit]")) target.form?.requestSubmit();
});
