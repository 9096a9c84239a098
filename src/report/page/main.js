// Drawing on demand, pointers, keys, the dropped target; then the start.

const VIEWS = { heat, overlay, simulation, coordinates, scatter, dependence, table };
const ALL = Object.keys(VIEWS);
let waiting = new Set();

/** Draws views before the next frame, each once. */
function redraw(...names) {
  const first = !waiting.size;
  for (const name of names.length ? names : ALL) waiting.add(name);
  if (first) requestAnimationFrame(drawNow);
}

function drawNow() {
  const now = waiting;
  waiting = new Set();
  for (const name of now) VIEWS[name]();
  saveAddress();
  tell();
}

/** What is shown, as numbers: for tests, and for who looks at the page with a program. */
function tell() {
  const column = C[S.stat], set = document.body.dataset;
  let sum = 0, n = 0;
  if (column) for (let i = 0; i < N; i++) if (keep[i] && Number.isFinite(column.values[i])) { sum += column.values[i]; n++; }
  Object.assign(set, { n: N, kept, values: n, sum, stat: column ? column.name : "", sim: D.sims[S.row], drawn: drawn.length, target: S.target ? S.target.name : "" });
}

function select(row) {
  if (!(row >= 0 && row < N)) return;
  S.row = row;
  byId("status").textContent = `simulation ${D.sims[row]}: ` + C.filter((c, k) => c.parameter || k === S.stat).map(c => `${c.name} ${c.text(c.values[row])}`).join(", ");
  redraw("heat", "overlay", "simulation", "coordinates", "scatter", "table");
}

function hover(row, event) {
  const tip = byId("tip");
  tip.hidden = !(row >= 0);
  if (row >= 0) {
    tip.textContent = `simulation ${D.sims[row]}\n` + C.filter((c, k) => c.parameter || k === S.stat).map(c => `${c.name} ${c.text(c.values[row])}${c.unit ? " " + c.unit : ""}`).join("\n");
    tip.style.left = Math.max(4, Math.min(innerWidth - tip.offsetWidth - 8, event.clientX + 14)) + "px";
    tip.style.top = Math.max(4, Math.min(innerHeight - tip.offsetHeight - 8, event.clientY + 14)) + "px";
  }
  if (row === S.hover) return;
  S.hover = row;
  redraw("heat", "overlay", "coordinates", "scatter");
}

function filtered() {
  filter();
  redraw();
}

// ---- what lies under the pointer ---------------------------------------------------------------------------------------

function at(event, id) {
  const box = byId(id).getBoundingClientRect();
  return [event.clientX - box.left, event.clientY - box.top];
}

function underHeat(event) {
  const [x, y] = at(event, "heat"), { p, dx, dy, bx, cells } = H;
  if (!p || x < p.l || x >= p.r || y < p.t || y >= p.b) return -1;
  const cell = cells[Math.floor((p.b - y) / dy) * bx.n + Math.floor((x - p.l) / dx)];
  return cell ? cell.rows.find(i => keep[i]) ?? cell.rows[0] : -1;
}

function underOverlay(event) {
  const [x, y] = at(event, "over"), o = H.over;
  if (!o || x < o.p.l || x > o.p.r || y < o.p.t || y > o.p.b) return -1;
  const k = Math.round((((x - o.p.l) / (o.p.r - o.p.l)) * META.tstop - META.first) / META.step);
  let best = -1, nearest = 12;
  for (const i of o.rows) {
    const d = Math.abs(o.Y(wave(i)[Math.max(0, Math.min(META.samples - 1, k))]) - y);
    if (d < nearest) { nearest = d; best = i; }
  }
  return best;
}

function underScatter(event) {
  const [x, y] = at(event, "scat"), s = H.scat;
  if (!s) return -1;
  let best = -1, nearest = 100;
  for (const i of drawn) {
    const d = (s.X(s.cx.values[i]) - x) ** 2 + (s.Y(s.cy.values[i]) - y) ** 2;
    if (d < nearest) { nearest = d; best = i; }
  }
  return best;
}

/** Axis and share of its length. */
function underAxis(event) {
  const [x, y] = at(event, "para"), { p, X, shown } = H.para;
  const j = shown.findIndex((_, j) => Math.abs(x - X(j)) < 16);
  return [j < 0 ? -1 : shown[j], Math.max(0, Math.min(1, (p.b - y) / (p.b - p.t)))];
}

// ---- events ----------------------------------------------------------------------------------------------------------

function step(event) {
  const way = { ArrowLeft: -1, ArrowUp: -1, ArrowRight: 1, ArrowDown: 1 }[event.key];
  if (!way) return;
  event.preventDefault();
  for (let i = S.row + way; i >= 0 && i < N; i += way) if (keep[i]) return select(i);
}

function stepCell(event) {
  const way = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] }[event.key];
  if (!way || !H.p) return;
  event.preventDefault();
  const { bx, by, cells } = H, cy = C[S.y];
  const x = bx.at(C[S.x].values[S.row]) + way[0], y = (cy && by.n > 1 ? by.at(cy.values[S.row]) : 0) + way[1];
  const cell = x >= 0 && y >= 0 && x < bx.n && y < by.n && cells[y * bx.n + x];
  if (cell) select(cell.rows.find(i => keep[i]) ?? cell.rows[0]);
}

function wire() {
  for (const [id, under] of [["heat", underHeat], ["over", underOverlay], ["scat", underScatter]]) {
    byId(id).onpointermove = event => hover(under(event), event);
    byId(id).onpointerleave = event => hover(-1, event);
    byId(id).onclick = event => select(under(event));
  }
  byId("heat").onkeydown = stepCell;
  byId("over").onkeydown = byId("scat").onkeydown = step;
  wireBrushes();
  wireForm();
  wireTarget();
  byId("table").onclick = event => {
    const heading = event.target.closest("[data-column]"), row = event.target.closest("[data-row]");
    if (heading) {
      const k = +heading.dataset.column;
      S.sort = [k, S.sort && S.sort[0] === k ? -S.sort[1] : -1];
      redraw("table");
    } else if (row) select(+row.dataset.row);
  };
  byId("table").onkeydown = event => { if (event.key === "Enter" && event.target.dataset.row) select(+event.target.dataset.row); };
  byId("command").onclick = () => navigator.clipboard?.writeText(byId("command").textContent).catch(() => {});
  new ResizeObserver(() => redraw()).observe(document.querySelector("main"));
  DARK.addEventListener("change", () => redraw());
  addEventListener("beforeprint", () => { for (const name of ALL) VIEWS[name](); });
  addEventListener("hashchange", () => { S.brush = {}; S.slice = {}; readAddress(); menus(); filtered(); });
}

function wireBrushes() {
  const canvas = byId("para");
  let drag = null;
  canvas.onpointerdown = event => {
    const [k, u] = underAxis(event);
    if (k < 0) return;
    drag = { k, from: u };
    canvas.setPointerCapture(event.pointerId);
  };
  canvas.onpointermove = event => {
    const [k, u] = underAxis(event);
    canvas.style.cursor = k >= 0 || drag ? "ns-resize" : "default";
    if (!drag) return;
    drag.moved = true;
    S.brush[drag.k] = [Math.min(drag.from, u), Math.max(drag.from, u)];
    filter(true);
    redraw("heat", "overlay", "coordinates", "scatter");
  };
  canvas.onpointerup = () => {
    if (!drag) return;
    const range = S.brush[drag.k];
    if (!drag.moved || range[1] - range[0] < 0.015) delete S.brush[drag.k];
    drag = null;
    filtered();
  };
}

/** Ranges by keyboard. */
function wireForm() {
  byId("range").onsubmit = event => {
    event.preventDefault();
    const k = +byId("range-of").value, { scale } = C[k];
    const bound = (id, otherwise) => { const text = byId(id).value.trim(); return text === "" || !Number.isFinite(+text) ? otherwise : scale.unit(+text); };
    const range = [bound("range-from", 0), bound("range-to", 1)];
    if (byId("range-from").value.trim() === "" && byId("range-to").value.trim() === "") delete S.brush[k];
    else S.brush[k] = range;
    filtered();
  };
}

function option(select, value, text) {
  const element = document.createElement("option");
  element.value = value;
  element.textContent = text;
  select.append(element);
}

/** Fills menus and sliders from the state. */
function menus() {
  const parameters = C.map((c, k) => k).filter(k => C[k].parameter), statistics = C.map((c, k) => k).filter(k => !C[k].parameter);
  const menu = (id, key, list, first) => {
    const element = byId(id);
    element.replaceChildren();
    if (first) option(element, -1, first);
    for (const k of list) option(element, k, C[k].name);
    element.value = S[key];
    element.onchange = () => { S[key] = +element.value; menus(); filtered(); };
  };
  menu("stat", "stat", statistics);
  menu("x", "x", parameters);
  menu("y", "y", parameters);
  menu("colour", "colour", [...parameters, ...statistics], "as the map");
  byId("range-of").replaceChildren();
  C.forEach((c, k) => { if (!c.texts) option(byId("range-of"), k, c.title); });
  const layerMenu = byId("layer"), slider = byId("smooth"), thumbs = byId("thumbs");
  layerMenu.value = S.layer;
  layerMenu.onchange = () => { S.layer = layerMenu.value; redraw(); };
  slider.value = S.smooth;
  byId("smoothed").textContent = `${S.smooth} ms`;
  slider.oninput = () => { S.smooth = +slider.value; byId("smoothed").textContent = `${S.smooth} ms`; if (S.target) compare(); redraw(); };
  thumbs.checked = S.thumbs;
  thumbs.onchange = () => { S.thumbs = thumbs.checked; document.querySelector("main").classList.toggle("wide", S.thumbs); redraw(); };
  document.querySelector("main").classList.toggle("wide", S.thumbs);
  byId("reset").onclick = () => { S.brush = {}; S.slice = {}; menus(); filtered(); };
  sliders(parameters.filter(k => k !== S.x && k !== S.y && C[k].levels && C[k].levels.length > 1));
}

/** A slider for each parameter that is on neither axis; at its left end all values are shown. */
function sliders(list) {
  byId("sliders").replaceChildren(...list.map(k => {
    const box = document.createElement("label"), range = document.createElement("input"), shown = document.createElement("output");
    const say = () => { shown.textContent = k in S.slice ? C[k].text(C[k].levels[S.slice[k]]) : "all"; };
    Object.assign(range, { type: "range", min: -1, max: C[k].levels.length - 1, step: 1, value: S.slice[k] ?? -1 });
    range.setAttribute("aria-label", C[k].title);
    range.oninput = () => { if (+range.value < 0) delete S.slice[k]; else S.slice[k] = +range.value; say(); filtered(); };
    say();
    box.append(C[k].title, range, shown);
    return box;
  }));
}

// ---- a measured waveform ------------------------------------------------------------------------------------------------

let targetNo = 0;

function wireTarget() {
  const take = async file => { if (file) setTarget(file.name, await file.text()); };
  byId("compare").onclick = () => byId("file").click();
  byId("file").onchange = event => take(event.target.files[0]);
  addEventListener("dragover", event => { event.preventDefault(); document.body.classList.add("drop"); });
  addEventListener("dragleave", event => { if (!event.relatedTarget) document.body.classList.remove("drop"); });
  addEventListener("drop", event => { event.preventDefault(); document.body.classList.remove("drop"); take(event.dataTransfer.files[0]); });
}

function setTarget(name, text) {
  const parsed = parseTarget(text, { agg: 1, L2: 2, L5: 3 }[S.layer]);
  if (!parsed) { byId("status").textContent = `${name}: no two columns of numbers, ms and nAm`; alert(byId("status").textContent); return; }
  S.target = { name, layer: S.layer, no: 0, ...parsed };
  compare();
  S.stat = C.findIndex(c => c.distance);
  S.colour = -1;
  S.sort = [S.stat, 1];
  let best = -1;
  values(S.stat).forEach((v, i) => { if (v === v && (best < 0 || v < values(S.stat)[best])) best = i; });
  menus();
  filtered();
  if (best >= 0) select(best);
}

/** The rmse of every simulation with a waveform in this file becomes a statistic. */
function compare() {
  S.target.no = ++targetNo;
  const column = finish({ name: "rmse", unit: "nAm", parameter: false, log: false, note: `to ${S.target.name}`, distance: true,
    values: Float64Array.from({ length: N }, (_, i) => { const own = rawWave(i, S.target.layer); return own ? rmse(smooth(own, S.smooth, META.step), META.first, META.step, S.target) : NaN; }) });
  const known = C.findIndex(c => c.distance);
  if (known >= 0) C[known] = column; else C.push(column);
}

// ---- the start -----------------------------------------------------------------------------------------------------------

function facts() {
  const count = n => n.toLocaleString("en"), states = [0, 0, 0];
  for (const state of D.states) states[state]++;
  const parts = [`${count(META.points)} simulations`];
  parts.push(states[1] ? `${count(states[1])} failed` : "none failed");
  if (states[2]) parts.push(`${count(states[2])} not simulated yet`);
  if (META.trials > 1) parts.push(`${META.trials} trials`);
  if (META.network) parts.push(META.network);
  if (META.tstop) parts.push(`${label(META.tstop)} ms`);
  byId("facts").textContent = parts.join(" · ");
  byId("foot").textContent = META.notes.join(" ");
}

(async () => {
  const started = performance.now();
  try {
    D = await load();
  } catch (error) {
    document.querySelector("main").textContent = `This report cannot be unpacked: ${error}. A browser of 2023 or later is needed.`;
    throw error;
  }
  C = D.columns;
  const varied = C.map((c, k) => k).filter(k => C[k].parameter && (!C[k].levels || C[k].levels.length > 1));
  S.x = varied[0] ?? 0;
  S.y = varied[1] ?? S.x;
  S.stat = Math.max(0, C.findIndex(c => !c.parameter));
  if (META.samples && S.smooth > META.tstop / 3) S.smooth = 0;
  if (C[S.stat]) values(S.stat).forEach((v, i) => { if (v > values(S.stat)[S.row] || !(values(S.stat)[S.row] === values(S.stat)[S.row])) S.row = i; });
  readAddress();
  if (META.samples && history.state && history.state.times) {
    S.target = { ...history.state, no: 0 };
    compare();
    // Once more: the address may name the rmse.
    readAddress();
  }
  filter();
  facts();
  menus();
  wire();
  redraw();
  requestAnimationFrame(() => requestAnimationFrame(() => {
    document.body.dataset.ready = "1";
    document.body.dataset.ms = Math.round(performance.now() - started);
  }));
  // A run writes the file anew while it goes on; the address brings the same view back.
  if (META.live) setTimeout(() => location.reload(), META.live * 1000);
})();
