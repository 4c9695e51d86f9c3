import "./core/dom.js";
