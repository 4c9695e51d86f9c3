// The data of the page, and what one cell of the grid looks like. Plain scripts: pages opened from a disk load no
// modules and fetch nothing. Text is only ever set as text, never as HTML.
"use strict";

var crosslight = (function () {
  const OK = 1;
  const state = { data: null, method: 0, assets: document.body ? document.body.dataset.assets : "" };
  const loaded = new Map(); // "method-chunk" -> columns
  const waiting = new Map(); // "method-chunk" -> promise
  const started = [];

  function element(tag, className, text) {
    const made = document.createElement(tag);
    if (className) made.className = className;
    if (text !== undefined) made.textContent = text;
    return made;
  }

  // Called by data.js.
  function data(content) {
    state.data = content;
    state.assets = document.body.dataset.assets;
    for (const start of started) start();
  }

  // Called by maps-<method>-<chunk>.js.
  function maps(method, chunk, columns) {
    loaded.set(method + "-" + chunk, columns);
  }

  // The columns of the maps of an image, loading their script where it is not there yet.
  function columnsOf(method, image) {
    const chunk = Math.floor(image / state.data.chunk);
    const key = method + "-" + chunk;
    if (loaded.has(key)) return Promise.resolve(loaded.get(key));
    if (!waiting.has(key)) {
      waiting.set(key, new Promise(function (resolve) {
        const script = document.createElement("script");
        script.src = state.assets + "/maps-" + key + ".js";
        script.onload = function () { resolve(loaded.get(key) || null); };
        script.onerror = function () { waiting.delete(key); resolve(null); };
        document.head.append(script);
      }));
    }
    return waiting.get(key);
  }

  // What is known of one cell's map; `columns` as columnsOf gives them.
  function mapOf(columns, image, model, method) {
    const about = state.data.methods[method === undefined ? state.method : method];
    const column = columns && columns[model];
    const at = image % state.data.chunk;
    if (!columns) return { status: 0, reason: "its file is missing" };
    if (!column) return { status: 0, reason: "no maps of this model" };
    const status = column.status[at];
    const tile = column.tile[at];
    const diagnostics = Object.entries(column.diagnostics).map(function (pair) { return [pair[0], pair[1][at]]; });
    return {
      status: status, word: state.data.status[status], why: column.why[at] || "", tile: tile,
      coarse: column.coarse, cells: column.cells, signed: about.signed,
      reason: status !== OK ? state.data.status[status] : tile ? "" : "zero after " + about.finish,
      box: column.box[at], range: column.range[at],
      target: column.target[at], diagnostics: diagnostics,
    };
  }

  function className(model, index) {
    const names = state.data.classes[state.data.models[model].classes];
    return index < 0 ? "" : names[index] || String(index);
  }

  function shortName(model, index) {
    return className(model, index).split(",")[0].trim();
  }

  // What a model said of an image: class, name, probability, and whether it is right (null where nobody knows).
  function prediction(model, image) {
    const column = state.data.models[model];
    const top = column.top[image][0];
    if (top < 0) return null;
    const truth = column.truth[image];
    return { name: shortName(model, top), p: column.p[image][0], right: truth < 0 ? null : truth === top };
  }

  function percent(p) {
    if (p === null) return "";
    return p > 0.995 && p < 1 ? ">99 %" : p < 0.005 ? "<1 %" : Math.round(100 * p) + " %";
  }

  // A photograph with its map over it, `width` pixels wide; without a map when `map` is null.
  function picture(image, map, alt, width) {
    const about = state.data.images[image];
    const size = about.size || [1, 1];
    const photo = element("div", "photo");
    photo.style.setProperty("--a", size[0] / size[1]);
    if (about.photo) {
      const base = element("img", "base");
      base.loading = "lazy";
      base.decoding = "async";
      base.alt = alt;
      base.src = state.assets + "/photo-" + image + ".jpg";
      photo.append(base);
    } else {
      photo.classList.add("plate");
      if (!map) photo.append(note("no picture"));
    }
    if (map && map.tile) photo.append(layer(map, size, width || 128));
    if (map && !map.tile) {
      photo.append(note(map.reason));
      photo.lastChild.classList.add("hatched");
      photo.lastChild.title = map.why || map.reason;
    }
    return photo;
  }

  function note(text) {
    const made = element("div", "none");
    made.append(element("b", "", text));
    return made;
  }

  function layer(map, size, width) {
    const crop = element("div", "crop");
    const box = map.box.map(function (edge, i) { return 100 * edge / size[i % 2]; });
    crop.style.left = box[0] + "%";
    crop.style.top = box[1] + "%";
    crop.style.width = box[2] - box[0] + "%";
    crop.style.height = box[3] - box[1] + "%";
    if (map.coarse) {
      crop.append(painted(map, Math.max(map.cells[1], Math.round(width * (box[2] - box[0]) / 100))));
    } else {
      const png = element("img", "map");
      png.alt = "";
      png.src = "data:image/png;base64," + map.tile;
      crop.append(png);
    }
    return crop;
  }

  function bytes(text) {
    return Uint8Array.from(atob(text), function (letter) { return letter.charCodeAt(0); });
  }

  // A coarse map in colour: interpolated, or cell by cell.
  function painted(map, width) {
    const cells = map.cells;
    const native = document.documentElement.classList.contains("native");
    const to = native ? cells : [Math.max(cells[0], Math.round(width * cells[0] / cells[1])), width];
    const values = native ? bytes(map.tile) : enlarged(bytes(map.tile), cells, to);
    const table = tableOf(map.signed);
    const canvas = element("canvas", "map");
    canvas.width = to[1];
    canvas.height = to[0];
    const context = canvas.getContext("2d");
    const content = context.createImageData(to[1], to[0]);
    for (let i = 0; i < values.length; i++) {
      const at = 4 * Math.round(values[i]);
      for (let part = 0; part < 4; part++) content.data[4 * i + part] = table[at + part];
    }
    context.putImageData(content, 0, 0);
    return canvas;
  }

  const tables = [];
  function tableOf(signed) {
    const which = signed ? 1 : 0;
    if (!tables[which]) tables[which] = bytes(state.data.tables[which]);
    return tables[which];
  }

  // Bicubic (a = -0.5), never beyond the range of the map itself; values are interpolated, not colours.
  function enlarged(values, from, to) {
    const rows = weights(from[0], to[0]);
    const columns = weights(from[1], to[1]);
    const low = Math.min.apply(null, values);
    const high = Math.max.apply(null, values);
    const across = new Float32Array(from[0] * to[1]);
    for (let y = 0; y < from[0]; y++) {
      for (let x = 0; x < to[1]; x++) {
        let sum = 0;
        for (const w of columns[x]) sum += w[1] * values[y * from[1] + w[0]];
        across[y * to[1] + x] = sum;
      }
    }
    const out = new Float32Array(to[0] * to[1]);
    for (let y = 0; y < to[0]; y++) {
      for (let x = 0; x < to[1]; x++) {
        let sum = 0;
        for (const w of rows[y]) sum += w[1] * across[w[0] * to[1] + x];
        out[y * to[1] + x] = Math.min(high, Math.max(low, sum));
      }
    }
    return out;
  }

  const kept = new Map();
  function weights(from, to) {
    const key = from + "-" + to;
    if (kept.has(key)) return kept.get(key);
    const made = [];
    for (let at = 0; at < to; at++) {
      const centre = (at + 0.5) * from / to - 0.5;
      const taps = [];
      for (let cell = Math.max(0, Math.floor(centre) - 1); cell <= Math.min(from - 1, Math.floor(centre) + 2); cell++) {
        const d = Math.abs(cell - centre);
        const weight = d < 1 ? (1.5 * d - 2.5) * d * d + 1 : d < 2 ? ((-0.5 * d + 2.5) * d - 4) * d + 2 : 0;
        taps.push([cell, weight]);
      }
      const total = taps.reduce(function (sum, tap) { return sum + tap[1]; }, 0);
      made.push(taps.map(function (tap) { return [tap[0], tap[1] / total]; }));
    }
    kept.set(key, made);
    return made;
  }

  return {
    data: data, maps: maps, state: state, element: element, columnsOf: columnsOf, mapOf: mapOf, className: className,
    shortName: shortName, prediction: prediction, percent: percent, picture: picture,
    start: function (run) { started.push(run); },
  };
})();
