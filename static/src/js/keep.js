// Facets that are drawn anew stay as open, and as far scrolled, as they were left.
let left = new Map();

document.addEventListener("htmx:before:swap", () => {
  const facets = [...document.querySelectorAll("details.facet[id], .facet details[id]")];
  left = new Map(facets.map((facet) => [facet.id, { open: facet.open, top: facet.lastElementChild.scrollTop }]));
});

document.addEventListener("htmx:after:swap", () => {
  for (const [id, { open, top }] of left) {
    const facet = document.getElementById(id);
    if (!facet) continue;
    facet.open = open;
    facet.lastElementChild.scrollTop = top;
  }
});
