// The views that show many simulations.

const H = {};

/** Which simulations lie in which cell of the map: the same until an axis changes. */
function binned(cx, cy) {
  const key = `${S.x} ${S.y}`;
  if (H.binned && H.binned.key === key) return H.binned;
  const bx = placesOf(cx, 30), by = cy ? placesOf(cy, 30) : { n: 1, at: () => 0, exact: true };
  const cells = new Array(bx.n * by.n), cellOf = new Int32Array(N).fill(-1);
  for (let i = 0; i < N; i++) {
    const a = bx.at(cx.values[i]), b = cy ? by.at(cy.values[i]) : 0;
    if (a < 0 || b < 0) continue;
    cellOf[i] = b * bx.n + a;
    const cell = (cells[cellOf[i]] ||= { rows: [], missing: 0 });
    cell.rows.push(i);
    if (!isDone(i)) cell.missing++;
  }
  return (H.binned = { key, bx, by, cells, cellOf });
}

/** Sum and number of a statistic in each cell, of simulations that pass `take`. */
function sumsOf(values, cellOf, n, take) {
  const sums = new Float64Array(n), counts = new Int32Array(n);
  for (let i = 0; i < N; i++) {
    const k = cellOf[i], value = values[i];
    if (k >= 0 && Number.isFinite(value) && (!take || take[i])) { sums[k] += value; counts[k]++; }
  }
  return { sums, counts };
}

/** A statistic over two parameters. */
function heat() {
  const cx = C[S.x], cs = C[S.stat], cy = C[S.y] && C[S.y] !== cx ? C[S.y] : null, frame = begin("heat"), { g, w, h } = frame;
  if (!cs || !cx) { write(g, "no parameter and statistic to show", w / 2, h / 2, "center"); return; }
  const { bx, by, cells, cellOf } = binned(cx, cy);
  const p = { l: 66, t: 8, r: w - 74, b: h - 40 }, dx = (p.r - p.l) / bx.n, dy = (p.b - p.t) / by.n;
  const of = sumsOf(cs.values, cellOf, cells.length, null), ofKept = kept < N ? sumsOf(cs.values, cellOf, cells.length, keep) : of;
  Object.assign(H, { p, dx, dy, bx, by, cells });
  let several = 0;
  cells.forEach((cell, k) => {
    const x = p.l + (k % bx.n) * dx, y = p.b - (Math.floor(k / bx.n) + 1) * dy, inside = ofKept.counts[k] > 0, { sums, counts } = inside ? ofKept : of;
    several = Math.max(several, counts[k]);
    const value = sums[k] / counts[k];
    if (Number.isFinite(value)) g.fillStyle = rgb(colourAt(ANCHORS, shade(cs, value)), inside ? 1 : 0.16);
    else g.fillStyle = css("--faint");
    // Whole pixels, so that no seam is seen.
    const column = k % bx.n, line = Math.floor(k / bx.n), left = Math.round(p.l + column * dx), top = Math.round(p.b - (line + 1) * dy);
    g.fillRect(left, top, Math.round(p.l + (column + 1) * dx) - left, Math.round(p.b - line * dy) - top);
    if (cell.missing && !of.counts[k]) write(g, "×", x + dx / 2, y + dy / 2, "center", "middle");
  });
  if (S.thumbs) thumbnails(g, cells, bx, p, dx, dy);
  const xt = placeTicks(cx, bx, Math.max(2, (p.r - p.l) / 60)), yt = cy ? placeTicks(cy, by, Math.max(2, (p.b - p.t) / 40)) : [];
  for (const [u, text] of xt) { const x = p.l + u * (p.r - p.l); g.fillStyle = css("--dim"); g.fillRect(x, p.b, 1, 4); write(g, text, x, p.b + 6, "center", "top"); }
  for (const [u, text] of yt) { const y = p.b - u * (p.b - p.t); g.fillStyle = css("--dim"); g.fillRect(p.l - 4, y, 4, 1); write(g, text.length > 9 ? text.slice(0, 8) + "…" : text, p.l - 7, y, "right"); }
  write(g, cx.title, (p.l + p.r) / 2, p.b + 29, "center");
  if (cy) writeUp(g, cy.title, 9, (p.t + p.b) / 2);
  colourBar(g, cs, p.r + 14, p.t, p.b, false);
  for (const [row, colour] of [[S.row, css("--accent")], [S.hover, css("--ink")]]) {
    if (row < 0) continue;
    const a = bx.at(cx.values[row]), b = cy ? by.at(cy.values[row]) : 0;
    if (a < 0 || b < 0) continue;
    g.lineWidth = 2;
    g.strokeStyle = "#fff"; g.strokeRect(p.l + a * dx + 2.5, p.b - (b + 1) * dy + 2.5, dx - 5, dy - 5);
    g.strokeStyle = colour; g.strokeRect(p.l + a * dx + 0.5, p.b - (b + 1) * dy + 0.5, dx - 1, dy - 1);
  }
  byId("heat-title").textContent = cs.title + (cs.note ? `, ${cs.note}` : "");
  byId("heat-words").textContent = `over ${cx.name}${cy ? " and " + cy.name : ""}${several > 1 ? `; a cell is the mean of up to ${several} simulations` : ""}; click a cell`;
  frame.canvas.setAttribute("aria-label", `${cs.title} from ${label(cs.scale.lo)} to ${label(cs.scale.hi)} over ${cx.name}${cy ? " and " + cy.name : ""}; arrow keys choose a cell`);
}

/** Waveforms in the cells, all on one scale. */
function thumbnails(g, cells, bx, p, dx, dy) {
  const shown = [];
  cells.forEach((cell, k) => { const row = cell.rows.find(i => keep[i] && D.waveSlot[i] >= 0); if (row !== undefined) shown.push([k, wave(row)]); });
  if (shown.length > 2500) return;
  const target = S.target && S.target.layer === S.layer ? S.target : null;
  const y = widened(scaleOf((function* () { for (const [, w] of shown) yield* w; if (target) yield* target.values; })(), false), 0.15);
  for (const [k, w] of shown) {
    const x0 = p.l + (k % bx.n) * dx, y1 = p.b - Math.floor(k / bx.n) * dy, place = i => [x0 + dx * (0.06 + (0.88 * i) / (w.length - 1)), y1 - y.unit(w[i]) * dy];
    g.strokeStyle = "rgba(255,255,255,.55)"; g.lineWidth = 2.4; trace(g, w.length, place);
    g.strokeStyle = "#111315"; g.lineWidth = 1; trace(g, w.length, place);
    if (!target) continue;
    const last = timeOf(w.length - 1), at = t => x0 + dx * (0.06 + (0.88 * (t - META.first)) / (last - META.first));
    const of = i => (target.times[i] <= last ? [at(target.times[i]), y1 - y.unit(target.values[i]) * dy] : [NaN, NaN]);
    g.strokeStyle = "rgba(255,255,255,.55)"; g.lineWidth = 2.4; trace(g, target.times.length, of);
    g.strokeStyle = "#111315"; g.lineWidth = 1; g.setLineDash([3, 2]); trace(g, target.times.length, of); g.setLineDash([]);
  }
}

/** Dipoles over each other. */
function overlay() {
  const frame = begin("over"), { g, w, h } = frame, cc = colourColumn(), p = { l: 60, t: 8, r: w - (cc ? 74 : 12), b: h - 40 };
  const rows = drawn.filter(i => D.waveSlot[i] >= 0);
  if (!META.samples || !rows.length) { write(g, META.samples ? "no dipole is kept" : "no dipoles are stored", w / 2, h / 2, "center"); H.over = null; return; }
  const target = S.target && S.target.layer === S.layer ? S.target : null;
  const all = (function* () { for (const i of rows) yield* wave(i); if (target) yield* target.values; })();
  const key = [S.layer, S.smooth, filterNo, target && target.no, S.x];
  if (!H.overScale || H.overKey !== key.join()) { H.overScale = widened(scaleOf(all, false), 0.03); H.overKey = key.join(); }
  const y = H.overScale, X = t => p.l + (t / META.tstop) * (p.r - p.l), Y = v => p.b - y.unit(v) * (p.b - p.t);
  H.over = { p, X, Y, y, rows };
  layer("over", frame, [key, C.indexOf(cc), S.target && S.target.no], g => {
    axes(g, p, scaleTicks(makeScale(0, META.tstop, false), Math.max(3, (p.r - p.l) / 60)), scaleTicks(y, 8), "time (ms)", `${S.layer} dipole (nAm)`);
    g.save(); g.beginPath(); g.rect(p.l, p.t, p.r - p.l, p.b - p.t); g.clip();
    const alpha = Math.max(0.25, Math.min(0.9, 150 / rows.length));
    for (const i of rows) {
      const own = wave(i);
      g.strokeStyle = cc ? colourLine(cc, cc.values[i], alpha) : rgb(lineColour(0.5), alpha);
      trace(g, own.length, k => [X(timeOf(k)), Y(own[k])]);
    }
    g.restore();
    if (cc) colourBar(g, cc, p.r + 14, p.t, p.b, true);
  });
  g.save(); g.beginPath(); g.rect(p.l, p.t, p.r - p.l, p.b - p.t); g.clip();
  for (const [row, colour] of [[S.row, css("--accent")], [S.hover, css("--ink")]]) {
    const own = row >= 0 && wave(row);
    if (!own) continue;
    g.strokeStyle = css("--card"); g.lineWidth = 5; trace(g, own.length, k => [X(timeOf(k)), Y(own[k])]);
    g.strokeStyle = colour; g.lineWidth = 2.4; trace(g, own.length, k => [X(timeOf(k)), Y(own[k])]);
  }
  if (target) dashedTarget(g, target, X, Y);
  g.restore();
  for (const { name, time } of driveTimes(S.row)) {
    const x = X(time);
    g.fillStyle = css("--dim");
    g.beginPath(); g.moveTo(x, p.b - 12); g.lineTo(x - 4, p.b - 2); g.lineTo(x + 4, p.b - 2); g.fill();
    write(g, name.length > 24 ? name.slice(0, 23) + "…" : name, x + 7, p.b - 7);
  }
  const some = rows.length < kept ? `${rows.length.toLocaleString("en")} of ${kept.toLocaleString("en")} simulations` : `${kept.toLocaleString("en")} simulations`;
  byId("over-words").textContent = `${some}${kept < N ? ` (of ${N.toLocaleString("en")})` : ""}${cc ? `, coloured by ${cc.name}` : ""}${target ? `; dashed: ${target.name}` : ""}`;
  frame.canvas.setAttribute("aria-label", `${S.layer} dipoles of ${some}; arrow keys go through the simulations`);
}

function dashedTarget(g, target, X, Y) {
  g.setLineDash([6, 4]); g.strokeStyle = css("--ink"); g.lineWidth = 1.8;
  trace(g, target.times.length, k => [X(target.times[k]), Y(target.values[k])]);
  g.setLineDash([]); g.lineWidth = 1;
}

/** Parallel coordinates with brushes. */
function coordinates() {
  const frame = begin("para"), { g, w, h } = frame, shown = C.map((c, k) => k).filter(k => C[k].values.some(Number.isFinite));
  const p = { l: 64, r: w - 60, t: 40, b: h - 12 }, X = j => (shown.length > 1 ? p.l + ((p.r - p.l) * j) / (shown.length - 1) : (p.l + p.r) / 2);
  H.para = { p, X, shown };
  const cc = colourColumn() || C[0], path = (g, i) => trace(g, shown.length, j => [X(j), p.b - C[shown[j]].scale.unit(C[shown[j]].values[i]) * (p.b - p.t)]);
  layer("para", frame, [C.indexOf(cc), filterNo, C.length, S.target && S.target.no], g => {
    if (kept < N) {
      g.strokeStyle = css("--faint"); g.globalAlpha = 0.5;
      for (let i = 0; i < N; i += Math.ceil(N / (dragged ? 150 : 600))) if (!keep[i]) path(g, i);
      g.globalAlpha = 1;
    }
    const alpha = Math.max(0.1, Math.min(0.8, 110 / drawn.length));
    for (const i of drawn) { g.strokeStyle = colourLine(cc, cc.values[i], alpha); path(g, i); }
  });
  for (const [row, colour] of [[S.row, css("--accent")], [S.hover, css("--ink")]]) if (row >= 0) { g.strokeStyle = colour; g.lineWidth = 2.2; path(g, row); }
  g.lineWidth = 1;
  const room = (p.r - p.l) / Math.max(1, shown.length - 1);
  shown.forEach((k, j) => {
    const column = C[k], x = X(j);
    g.strokeStyle = css("--dim"); g.beginPath(); g.moveTo(x + 0.5, p.t); g.lineTo(x + 0.5, p.b); g.stroke();
    for (const [unit, text] of columnTicks(column, 4)) {
      const y = p.b - unit * (p.b - p.t), short = text.length > 10 ? text.slice(0, 9) + "…" : text;
      g.fillStyle = css("--dim"); g.fillRect(x - 3, y, 4, 1);
      g.lineWidth = 3; g.strokeStyle = css("--card"); g.textAlign = "right"; g.textBaseline = "middle"; g.strokeText(short, x - 6, y); g.lineWidth = 1;
      write(g, short, x - 6, y, "right");
    }
    const name = fitted(g, column.title, room * 1.9), half = g.measureText(name).width / 2;
    write(g, name, Math.max(half + 2, Math.min(w - half - 2, x)), j % 2 ? 26 : 11, "center", "middle", k === S.stat ? css("--accent") : css("--ink"));
    const range = S.brush[k];
    if (!range) return;
    const top = p.b - range[1] * (p.b - p.t), height = (range[1] - range[0]) * (p.b - p.t);
    g.fillStyle = rgb([194, 65, 12], 0.2); g.strokeStyle = css("--accent");
    g.fillRect(x - 7, top, 15, height); g.strokeRect(x - 7, top, 15, height);
  });
  frame.canvas.setAttribute("aria-label", `${shown.length} axes, ${kept} of ${N} simulations kept; the form below keeps ranges by keyboard`);
}

function fitted(g, text, room) {
  if (g.measureText(text).width <= room) return text;
  let n = text.length;
  while (n > 4 && g.measureText(text.slice(0, n) + "…").width > room) n--;
  return text.slice(0, n) + "…";
}

/** The statistic against the parameter across. */
function scatter() {
  const frame = begin("scat"), { g, w, h } = frame, cx = C[S.x], cy = C[S.stat], cc = S.colour >= 0 ? C[S.colour] : C[S.y] && S.y !== S.x ? C[S.y] : null;
  if (!cx || !cy) { write(g, "no statistic to show", w / 2, h / 2, "center"); H.scat = null; return; }
  const p = { l: 60, t: 8, r: w - (cc ? 74 : 12), b: h - 40 };
  const X = v => p.l + 6 + cx.scale.unit(v) * (p.r - p.l - 12), Y = v => p.b - 6 - cy.scale.unit(v) * (p.b - p.t - 12), inset = 6 / (p.b - p.t), inX = 6 / (p.r - p.l);
  H.scat = { X, Y, cx, cy };
  layer("scat", frame, [S.x, S.stat, C.indexOf(cc), filterNo, S.target && S.target.no], g => {
    axes(g, p, columnTicks(cx, 5).map(([u, t]) => [inX + u * (1 - 2 * inX), t]), columnTicks(cy, 6).map(([u, t]) => [inset + u * (1 - 2 * inset), t]), cx.title, cy.title);
    const colour = i => (cc ? colourLine(cc, cc.values[i], 0.9) : rgb(lineColour(0.5), 0.9));
    const parameters = C.filter(c => c.parameter && (!c.levels || c.levels.length > 1));
    if (cc && cc.levels && cc.parameter && cc !== cx && parameters.length === 2) {
      const lines = new Map();
      for (let i = 0; i < N; i++) if (keep[i]) (lines.get(cc.values[i]) || lines.set(cc.values[i], []).get(cc.values[i])).push(i);
      for (const rows of lines.values()) {
        rows.sort((a, b) => cx.values[a] - cx.values[b]);
        g.strokeStyle = colour(rows[0]); g.globalAlpha = 0.55; g.lineWidth = 1.2;
        trace(g, rows.length, k => [X(cx.values[rows[k]]), Y(cy.values[rows[k]])]);
      }
      g.globalAlpha = 1;
    }
    const radius = drawn.length > 600 ? 1.5 : 2.2;
    for (const i of drawn) { g.fillStyle = colour(i); g.beginPath(); g.arc(X(cx.values[i]), Y(cy.values[i]), radius, 0, 7); g.fill(); }
    if (cc) colourBar(g, cc, p.r + 14, p.t, p.b, true);
  });
  for (const [row, colour] of [[S.row, css("--accent")], [S.hover, css("--ink")]]) {
    if (row < 0 || !Number.isFinite(cy.values[row])) continue;
    g.strokeStyle = colour; g.lineWidth = 2; g.beginPath(); g.arc(X(cx.values[row]), Y(cy.values[row]), 5, 0, 7); g.stroke(); g.lineWidth = 1;
  }
  byId("scat-title").textContent = `${cy.name} against ${cx.name}`;
  byId("scat-words").textContent = cc ? `coloured by ${cc.name}` : "";
  frame.canvas.setAttribute("aria-label", `${cy.title} against ${cx.title}, a dot for each simulation; arrow keys go through them`);
}

let shares = null;
/** Which parameter explains how much of each statistic. */
function dependence() {
  const frame = begin("dep"), { g, w, h } = frame, parameters = C.filter(c => c.parameter && (!c.levels || c.levels.length > 1)), statistics = C.filter(c => !c.parameter && c.values.some(Number.isFinite));
  const full = isFullGrid(C.filter(c => c.parameter), N) && D.states.every(s => s === 0);
  if (!parameters.length || !statistics.length) { byId("dep-words").textContent = "No statistic, or no parameter that varies."; return; }
  const key = [C.length, S.target && S.target.no].join();
  if (!shares || shares.key !== key) {
    const places = parameters.map(p => placesOf(p, 20));
    shares = { key, of: statistics.map(s => parameters.map((p, k) => shareOfVariance(places[k], p.values, s.values))) };
  }
  byId("dep-words").textContent = `Share of the variance that one parameter alone explains (first-order Sobol index; ${full ? "exact: the grid is full" : parameters.some(p => !p.levels) ? "values binned into 20: a few simulations in a bin raise it" : "the grid is not full: an estimate"}); the rest is interaction.`;
  const l = Math.min(160, w * 0.36), r = w - 14, t = 24, rowHeight = Math.min(44, (h - t - 22) / statistics.length), bar = Math.min(12, (rowHeight - 5) / parameters.length);
  const colour = k => rgb(colourAt(ANCHORS, (DARK.matches ? 0.3 : 0.12) + (0.66 * k) / Math.max(1, parameters.length - 1)));
  let x = 4;
  for (const [k, p] of parameters.slice(0, 6).entries()) {
    const name = fitted(g, p.name, 130);
    g.fillStyle = colour(k); g.fillRect(x, 5, 9, 9); write(g, name, x + 13, 10);
    x += 24 + g.measureText(name).width;
  }
  for (const v of [0, 0.25, 0.5, 0.75, 1]) {
    const at = l + v * (r - l);
    g.strokeStyle = v ? css("--grid") : css("--line"); g.beginPath(); g.moveTo(at + 0.5, t); g.lineTo(at + 0.5, t + rowHeight * statistics.length); g.stroke();
    write(g, String(v), at, t + rowHeight * statistics.length + 4, "center", "top");
  }
  statistics.forEach((s, j) => {
    const y = t + j * rowHeight;
    write(g, fitted(g, s.name, l - 8), l - 6, y + rowHeight / 2, "right", "middle", s === C[S.stat] ? css("--accent") : css("--ink"));
    parameters.forEach((p, k) => {
      const share = shares.of[j][k];
      g.fillStyle = colour(k);
      if (Number.isFinite(share)) g.fillRect(l, y + (rowHeight - bar * parameters.length) / 2 + k * bar, Math.max(1, share * (r - l)), Math.max(1, bar - 1));
    });
  });
  frame.canvas.setAttribute("aria-label", statistics.map((s, j) => `${s.name}: ${parameters.map((p, k) => `${p.name} ${label(shares.of[j][k])}`).join(", ")}`).join("; "));
}

/** Sorted rows, the best first. */
function table() {
  const [k, way] = S.sort || [S.stat, C[S.stat] && C[S.stat].distance ? 1 : -1], rows = [], column = C[k];
  for (let i = 0; i < N; i++) if (keep[i]) rows.push(i);
  if (column) {
    const rank = i => (Number.isFinite(column.values[i]) ? column.values[i] * way : Infinity);
    rows.sort((a, b) => rank(a) - rank(b) || a - b);
  }
  const shown = rows.slice(0, 100), head = document.createElement("tr"), body = document.createElement("table");
  byId("tab-words").textContent = `${shown.length} of ${rows.length.toLocaleString("en")}${column ? `, by ${column.name}` : ""}; click a heading to sort`;
  const heading = (text, j) => {
    const th = document.createElement("th"), button = document.createElement("button");
    button.textContent = text + (j === k ? (way < 0 ? " ↓" : " ↑") : "");
    if (j >= 0) button.dataset.column = j;
    th.scope = "col";
    th.setAttribute("aria-sort", j === k ? (way < 0 ? "descending" : "ascending") : "none");
    th.append(button);
    head.append(th);
  };
  heading("sim", -1);
  C.forEach((c, j) => heading(c.name, j));
  body.append(head);
  for (const i of shown) {
    const tr = document.createElement("tr");
    tr.dataset.row = i;
    tr.tabIndex = 0;
    if (i === S.row) { tr.className = "on"; tr.setAttribute("aria-selected", "true"); }
    for (const text of [String(D.sims[i]), ...C.map(c => c.text(c.values[i]))]) { const td = document.createElement("td"); td.textContent = text; tr.append(td); }
    body.append(tr);
  }
  const box = byId("table"), scroll = box.scrollTop, focused = document.activeElement && document.activeElement.dataset.row;
  box.replaceChildren(body);
  box.scrollTop = scroll;
  if (focused) { const again = box.querySelector(`tr[data-row="${+focused}"]`); if (again) again.focus({ preventScroll: true }); }
}
