// The images on which models disagree, each with the maps of all models.
"use strict";

(function (c) {
  const state = c.state;

  function fill(scene, method) {
    const image = Number(scene.dataset.image);
    const apart = scene.dataset.apart.split(" ").filter(Boolean).map(Number);
    const strip = scene.querySelector(".strip");
    if (strip.children.length) return;
    const cells = state.data.methods[method].cells;
    const photo = tile(image, "photograph");
    photo.prepend(c.picture(image, null, "The photograph " + state.data.images[image].name));
    strip.append(photo);
    state.data.models.forEach(function (model, m) {
      if (!(model.label in cells)) return;
      const button = tile(image, model.label, "button");
      button.type = "button";
      button.dataset.model = m;
      if (apart.includes(m)) button.classList.add("stands");
      button.setAttribute("aria-label", "The map of " + model.label + " in large");
      button.addEventListener("click", function () {
        const row = c.reach(image, method);
        if (row < 0) return;
        c.setFocus(row, m);
        c.open(row, m, button);
      });
      strip.append(button);
    });
    c.columnsOf(method, image).then(function (columns) {
      for (const button of strip.querySelectorAll("button")) {
        const map = c.mapOf(columns, image, Number(button.dataset.model), method);
        button.prepend(c.picture(image, map, "", 112));
      }
    });
  }

  function tile(image, name, tag) {
    const made = c.element(tag || "div", "mini");
    made.append(c.element("span", "", name));
    made.title = name;
    return made;
  }

  c.start(function () {
    if (!state.data.methods.length || !state.data.models.length) return;
    const observer = new IntersectionObserver(function (entries) {
      for (const entry of entries) {
        if (!entry.isIntersecting) continue;
        observer.unobserve(entry.target);
        fill(entry.target, Number(entry.target.parentNode.dataset.method));
      }
    }, { rootMargin: "300px 0px" });
    for (const block of document.querySelectorAll(".apart")) {
      block.classList.toggle("fine", state.data.methods[Number(block.dataset.method)].fine);
      for (const scene of block.querySelectorAll(".scene")) observer.observe(scene);
    }
  });
})(crosslight);
