// The grid of images and models, its controls, and the panels of the agreement.
"use strict";

(function (c) {
  const state = c.state;
  const grid = document.getElementById("grid");
  const frame = document.getElementById("frame");
  const look = document.getElementById("look");
  let rows = []; // the images shown, in order
  let built = 0; // how many images the method had when the rows were made
  let observer = null;
  let focus = [0, 0]; // row and column of the one cell that Tab reaches

  function methodOf() { return state.data.methods[state.method]; }

  function chosen() {
    const filter = document.getElementById("filter").value;
    const order = document.getElementById("order").value;
    const score = methodOf().score;
    let images = asked();
    if (filter === "disagree") images = images.filter(function (i) { return state.data.agree[i] > 1; });
    if (filter === "wrong") {
      images = images.filter(function (i) {
        return state.data.models.some(function (_, m) {
          const said = c.prediction(m, i);
          return said !== null && said.right === false;
        });
      });
    }
    if (order !== "study") {
      const sign = order === "least" ? 1 : -1;
      const known = function (i) { return score[i] === null || score[i] === undefined ? Infinity : sign * score[i]; };
      images.sort(function (a, b) { return known(a) - known(b) || a - b; });
    }
    return images;
  }

  // The images that the method was asked to explain: the first ones, where it has a limit of its own.
  function asked() {
    const limit = methodOf().limit;
    const all = state.data.images.map(function (_, i) { return i; });
    return limit ? all.slice(0, limit) : all;
  }

  function build() {
    if (observer) observer.disconnect();
    rows = chosen();
    for (const old of grid.querySelectorAll(".body, .empty")) old.remove();
    observer = new IntersectionObserver(function (entries) {
      for (const entry of entries) if (entry.isIntersecting) fill(entry.target);
    }, { rootMargin: "500px 0px" });
    const parts = document.createDocumentFragment();
    rows.forEach(function (image, at) {
      const row = c.element("div", "row body");
      row.setAttribute("role", "row");
      row.dataset.at = at;
      row.dataset.image = image;
      parts.append(row);
      observer.observe(row);
    });
    if (!rows.length) parts.append(c.element("p", "empty", "No image is like that."));
    grid.append(parts);
    const total = state.data.images.length;
    document.getElementById("count").textContent =
      rows.length === total ? total.toLocaleString("en") + (total === 1 ? " image" : " images")
        : rows.length.toLocaleString("en") + " of " + total.toLocaleString("en") + " images" +
          (asked().length < total ? "; the method explains the first " + asked().length.toLocaleString("en") : "");
    built = asked().length;
    grid.setAttribute("aria-rowcount", rows.length + 1);
    focus = [Math.min(focus[0], Math.max(0, rows.length - 1)), focus[1]];
    if (rows.length) fill(rowAt(focus[0]));
  }

  function rowAt(at) { return grid.querySelectorAll(".body")[at]; }

  // Give a row its content; once for each method.
  function fill(row) {
    const method = state.method;
    if (row.dataset.method === String(method)) return;
    const image = Number(row.dataset.image);
    const again = row.dataset.method !== undefined;
    row.dataset.method = method;
    if (!again) {
      row.append(head(image));
      state.data.models.forEach(function (_, model) { row.append(cell(image, model, Number(row.dataset.at))); });
    }
    const score = methodOf().score[image];
    row.querySelector(".score").textContent =
      score === null || score === undefined ? "" : "alike " + score.toFixed(2);
    c.columnsOf(method, image).then(function (columns) {
      if (row.dataset.method !== String(method) || state.method !== method) return;
      state.data.models.forEach(function (_, model) {
        const map = c.mapOf(columns, image, model);
        const target = row.children[model + 1];
        target.firstChild.replaceChildren(c.picture(image, map, ""));
        target.setAttribute("aria-label", words(image, model, map));
      });
    });
  }

  function head(image) {
    const about = state.data.images[image];
    const made = c.element("div", "rowhead");
    made.setAttribute("role", "rowheader");
    const label = about.label === null ? "" : spoken(image);
    made.append(c.picture(image, null, "The photograph " + about.name));
    if (label) made.append(c.element("div", "label", label));
    const file = c.element("div", "file", about.name);
    file.title = about.name;
    made.append(file, c.element("div", "score"));
    made.lastChild.title = "Mean " + methodOf().measure + " between the models' maps of this image";
    return made;
  }

  // The label as a class name where a model knows it, else as it is written.
  function spoken(image) {
    const about = state.data.images[image];
    for (let m = 0; m < state.data.models.length; m++) {
      const truth = state.data.models[m].truth[image];
      if (truth >= 0) return c.shortName(m, truth);
    }
    return String(about.label);
  }

  function cell(image, model, at) {
    const made = c.element("div", "cell");
    made.setAttribute("role", "gridcell");
    made.dataset.model = model;
    made.tabIndex = at === focus[0] && model === focus[1] ? 0 : -1;
    const square = c.element("div", "square");
    const photo = c.picture(image, null, "");
    square.style.setProperty("--a", photo.style.getPropertyValue("--a"));
    square.append(photo);
    made.append(square);
    const said = c.prediction(model, image);
    const line = c.element("div", "said");
    if (said) {
      const name = c.element("span", "class", said.name);
      name.title = c.className(model, state.data.models[model].top[image][0]);
      if (said.right !== null) line.append(c.element("span", said.right ? "mark yes" : "mark no", said.right ? "✓" : "✗"));
      line.append(name, c.element("span", "p", c.percent(said.p)));
    } else {
      line.append(c.element("span", "class", "no prediction"));
    }
    made.append(line, c.element("div", "who", state.data.models[model].label));
    made.setAttribute("aria-label", words(image, model, null));
    return made;
  }

  function words(image, model, map) {
    const said = c.prediction(model, image);
    const right = !said || said.right === null ? "" : said.right ? ", right" : ", wrong";
    const text = said ? "predicts " + said.name + ", " + c.percent(said.p) + right : "no prediction";
    return state.data.models[model].label + ", " + state.data.images[image].name + ", " + methodOf().label + ": " +
      text + (map && map.reason ? "; map: " + map.reason : "");
  }

  function showMethod() {
    const about = methodOf();
    look.classList.toggle("fine", about.fine);
    document.getElementById("detail").classList.toggle("fine", about.fine);
    document.getElementById("bar-magnitude").hidden = about.signed;
    document.getElementById("bar-signed").hidden = !about.signed;
    if (document.getElementById("order").value !== "study" || asked().length !== built) return build();
    const height = window.innerHeight;
    observer.disconnect();
    for (const row of grid.querySelectorAll(".body")) {
      const place = row.getBoundingClientRect();
      if (place.bottom > -200 && place.top < height + 200) fill(row);
      observer.observe(row);
    }
  }

  function move(down, right) {
    const at = [focus[0] + down, focus[1] + right];
    if (at[0] < 0 || at[0] >= rows.length || at[1] < 0 || at[1] >= state.data.models.length) return false;
    setFocus(at[0], at[1]);
    grid.querySelector(".cell[tabindex='0']").focus();
    return true;
  }

  function setFocus(row, column) {
    fill(rowAt(row));
    for (const old of grid.querySelectorAll(".cell[tabindex='0']")) old.tabIndex = -1;
    focus = [row, column];
    rowAt(row).children[column + 1].tabIndex = 0;
  }

  function opened(target) {
    const found = target.closest(".cell");
    if (!found) return;
    setFocus(Number(found.parentNode.dataset.at), Number(found.dataset.model));
    c.open(focus[0], focus[1]);
  }

  function fit() {
    const style = getComputedStyle(document.documentElement);
    const count = state.data.models.length;
    const room = frame.clientWidth - parseFloat(style.getPropertyValue("--head")) - 8 * count;
    const wide = room / count < parseFloat(style.getPropertyValue("--cell"));
    frame.classList.toggle("wide", wide);
    frame.tabIndex = wide ? 0 : -1;
    const first = grid.querySelector(".square");
    if (first) grid.style.setProperty("--size", first.clientWidth + "px");
  }

  c.shown = function () { return rows; };
  c.spoken = spoken;

  // Bring an image under a method into the grid, whatever is filtered; its row.
  c.reach = function (image, method) {
    for (const radio of document.getElementsByName("method")) {
      if (Number(radio.value) !== method || radio.checked) continue;
      radio.checked = true;
      state.method = method;
      showMethod();
    }
    if (!rows.includes(image)) {
      document.getElementById("filter").value = "all";
      build();
    }
    return rows.indexOf(image);
  };
  c.setFocus = setFocus;
  c.focused = function () { return grid.querySelector(".cell[tabindex='0']"); };

  c.start(function () {
    if (!state.data.methods.length || !state.data.models.length) return;
    for (const radio of document.getElementsByName("method")) {
      if (radio.checked) state.method = Number(radio.value);
      radio.addEventListener("change", function () { state.method = Number(radio.value); showMethod(); });
    }
    const opacity = document.getElementById("opacity");
    const cells = document.getElementById("cells");
    const see = function () {
      document.documentElement.style.setProperty("--opacity", opacity.value / 100);
      document.documentElement.classList.toggle("native", cells.checked);
    };
    opacity.addEventListener("input", see);
    cells.addEventListener("change", function () {
      see();
      for (const row of grid.querySelectorAll(".body[data-method]")) row.dataset.method = "stale";
      showMethod();
    });
    for (const id of ["filter", "order"]) document.getElementById(id).addEventListener("change", build);
    see();
    build();
    showMethod();
    fit();
    new ResizeObserver(fit).observe(frame);
    grid.addEventListener("click", function (event) { opened(event.target); });
    grid.addEventListener("keydown", function (event) {
      const steps = { ArrowDown: [1, 0], ArrowUp: [-1, 0], ArrowRight: [0, 1], ArrowLeft: [0, -1] };
      const step = steps[event.key];
      if (step && move(step[0], step[1])) event.preventDefault();
      if (event.key === "Enter" || event.key === " ") { event.preventDefault(); opened(event.target); }
    });
  });

  // One panel of the agreement at a time.
  const panels = document.getElementsByName("panel");
  function showPanel() {
    for (const radio of panels) document.getElementById(radio.value).hidden = !radio.checked;
  }
  for (const radio of panels) radio.addEventListener("change", showPanel);
  showPanel();
})(crosslight);
