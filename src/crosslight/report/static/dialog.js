// One map in large, with everything that is known of it.
"use strict";

(function (c) {
  const state = c.state;
  const dialog = document.getElementById("detail");
  const by = function (id) { return document.getElementById(id); };
  let place = [0, 0]; // row among the images shown, and model

  function show() {
    const image = c.shown()[place[0]];
    const model = place[1];
    const about = state.data.images[image];
    const method = state.data.methods[state.method];
    const column = state.data.models[model];
    by("detail-title").textContent = column.label + " · " + method.label;
    by("detail-sub").textContent = (about.label === null ? "" : c.spoken(image) + " · ") + about.name;
    by("detail-left").disabled = model === 0;
    by("detail-right").disabled = model === state.data.models.length - 1;
    by("detail-up").disabled = place[0] === 0;
    by("detail-down").disabled = place[0] === c.shown().length - 1;
    predictions(image, model);
    const wanted = place.join();
    c.columnsOf(state.method, image).then(function (columns) {
      if (wanted !== place.join()) return;
      const map = c.mapOf(columns, image, model);
      const words = "Map of " + method.label + " on " + column.label + " over the photograph " + about.name;
      by("detail-picture").replaceChildren(c.picture(image, map, words, 560));
      facts(image, model, method, map);
    });
  }

  function predictions(image, model) {
    const column = state.data.models[model];
    const body = by("detail-top").querySelector("tbody");
    body.replaceChildren();
    column.top[image].forEach(function (index, rank) {
      if (index < 0) return;
      const p = column.p[image][rank];
      const row = c.element("tr");
      const name = c.element("td", "", c.className(model, index));
      if (index === column.truth[image]) name.append(" ", c.element("span", "mark yes", "✓ label"));
      const meter = c.element("td", "meter");
      meter.append(c.element("i"));
      meter.firstChild.style.width = 100 * p + "%";
      row.append(name, meter, c.element("td", "n", (100 * p).toFixed(1) + " %"));
      body.append(row);
    });
    if (!body.children.length) {
      const row = c.element("tr");
      row.append(c.element("td", "", "No prediction" + (column.why[image] ? ": " + column.why[image] : ".")));
      body.append(row);
    }
  }

  function facts(image, model, method, map) {
    const label = state.data.models[model].label;
    const about = state.data.images[image];
    const list = by("detail-facts");
    list.replaceChildren();
    const add = function (term, text) {
      if (text === "" || text === null || text === undefined) return;
      list.append(c.element("dt", "", term), c.element("dd", "", String(text)));
    };
    add("status", map.word || map.reason);
    add("reason", map.why);
    if (map.target && map.target[0] >= 0) {
      const against = map.target[1] >= 0 ? " against " + c.className(model, map.target[1]) : "";
      add("explains", c.className(model, map.target[0]) + against + " (" + method.target + ")");
    }
    if (map.range) add("raw values", number(map.range[0]) + " to " + number(map.range[1]));
    add("final step", method.finish === "none" ? "" : method.finish);
    const cells = method.cells[label];
    add("cells", cells ? cells[0] + " × " + cells[1] : "");
    add("layer", method.sites[label]);
    for (const pair of map.diagnostics || []) add(pair[0].replaceAll("_", " "), pair[1] === null ? "" : number(pair[1]));
    if (map.box && map.box[0] !== null) {
      add("covers", map.box.map(function (edge) { return Math.round(edge); }).join(", ") +
        (about.size ? " of " + about.size[0] + " × " + about.size[1] + " pixels" : ""));
    }
    const score = method.score[image];
    add("models alike", score === null || score === undefined ? "" : "mean " + method.measure + " " + score.toFixed(2));
    add("image", about.id);
  }

  function number(value) {
    return String(Number(value.toPrecision(3))).replace("-", "−");
  }

  function move(down, right) {
    const row = place[0] + down;
    const model = place[1] + right;
    if (row < 0 || row >= c.shown().length || model < 0 || model >= state.data.models.length) return;
    place = [row, model];
    c.setFocus(row, model);
    show();
  }

  // `back`: what has the focus again after the dialog, by default the cell of the grid.
  let from = null;
  c.open = function (row, model, back) {
    from = back || null;
    place = [row, model];
    show();
    dialog.showModal();
    by("detail-title").focus();
  };

  by("detail-close").addEventListener("click", function () { dialog.close(); });
  by("detail-left").addEventListener("click", function () { move(0, -1); });
  by("detail-right").addEventListener("click", function () { move(0, 1); });
  by("detail-up").addEventListener("click", function () { move(-1, 0); });
  by("detail-down").addEventListener("click", function () { move(1, 0); });
  by("detail-bare").addEventListener("change", function (event) {
    dialog.classList.toggle("bare", event.target.checked);
  });
  dialog.addEventListener("click", function (event) { if (event.target === dialog) dialog.close(); });
  dialog.addEventListener("close", function () {
    const cell = from || c.focused();
    if (cell) cell.focus();
  });
  dialog.addEventListener("keydown", function (event) {
    if (event.target.matches("input")) return;
    const steps = { ArrowDown: [1, 0], ArrowUp: [-1, 0], ArrowRight: [0, 1], ArrowLeft: [0, -1] };
    const step = steps[event.key];
    if (step) { event.preventDefault(); move(step[0], step[1]); }
  });
})(crosslight);
