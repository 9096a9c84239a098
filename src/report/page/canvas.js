// Drawing on canvases: sharp on any screen, slow parts kept as layers, axes, colour bars.

const css = name => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
const DARK = matchMedia("(prefers-color-scheme: dark)");
const ANCHORS = META.colours.map(c => [1, 3, 5].map(i => parseInt(c.slice(i, i + 2), 16)));
const DIVERGING = META.diverging.map(c => [1, 3, 5].map(i => parseInt(c.slice(i, i + 2), 16)));

/** Colour of a number between 0 and 1. */
function colourAt(anchors, t) {
  if (!(t === t)) return [150, 150, 150];
  const place = Math.max(0, Math.min(1, t)) * (anchors.length - 1), i = Math.min(anchors.length - 2, Math.floor(place)), part = place - i;
  return anchors[i].map((c, k) => Math.round(c + (anchors[i + 1][k] - c) * part));
}
const rgb = (c, alpha = 1) => `rgba(${c[0]},${c[1]},${c[2]},${alpha})`;
/** Thin lines leave out viridis' yellow on white and its violet on dark. */
const lineColour = t => colourAt(ANCHORS, DARK.matches ? 0.16 + 0.84 * t : 0.9 * t);

/** Share of the colour map that a value of a column has; distances are brightest where they are least. */
function shade(column, value) {
  const t = column.colours.unit(value);
  if (!(t === t)) return NaN;
  const inside = Math.max(0, Math.min(1, t));
  return column.distance ? 1 - inside : inside;
}
const colourLine = (column, value, alpha = 1) => rgb(lineColour(shade(column, value)), alpha);

/** A canvas that is ready to be drawn on, cleared. */
function begin(id) {
  const canvas = byId(id), ratio = devicePixelRatio || 1, w = Math.max(1, canvas.clientWidth), h = Math.max(1, canvas.clientHeight);
  if (canvas.width !== Math.round(w * ratio) || canvas.height !== Math.round(h * ratio)) {
    canvas.width = Math.round(w * ratio);
    canvas.height = Math.round(h * ratio);
  }
  const g = canvas.getContext("2d");
  g.setTransform(ratio, 0, 0, ratio, 0, 0);
  g.clearRect(0, 0, w, h);
  g.font = "11px system-ui, 'Segoe UI', Arial, 'DejaVu Sans', sans-serif";
  g.lineJoin = "round";
  return { g, w, h, canvas, ratio };
}

const layers = new Map();
/** Draws what changes with `key` only; otherwise the picture of the last time is put there. */
function layer(name, frame, key, draw) {
  const text = JSON.stringify([key, frame.canvas.width, frame.canvas.height, DARK.matches]);
  let kept = layers.get(name);
  if (!kept || kept.text !== text) {
    const canvas = document.createElement("canvas");
    canvas.width = frame.canvas.width;
    canvas.height = frame.canvas.height;
    const g = canvas.getContext("2d");
    g.setTransform(frame.ratio, 0, 0, frame.ratio, 0, 0);
    g.font = frame.g.font;
    g.lineJoin = "round";
    draw(g);
    kept = { text, canvas };
    layers.set(name, kept);
  }
  frame.g.drawImage(kept.canvas, 0, 0, frame.w, frame.h);
}

function write(g, text, x, y, align = "left", baseline = "middle", colour = css("--dim")) {
  g.fillStyle = colour;
  g.textAlign = align;
  g.textBaseline = baseline;
  g.fillText(text, x, y);
}

function writeUp(g, text, x, y) {
  g.save();
  g.translate(x, y);
  g.rotate(-Math.PI / 2);
  write(g, text, 0, 0, "center", "middle");
  g.restore();
}

/** A line through points; it stops where a number is missing. */
function trace(g, n, place) {
  g.beginPath();
  let down = false;
  for (let k = 0; k < n; k++) {
    const [x, y] = place(k);
    if (!(y === y)) { down = false; continue; }
    down ? g.lineTo(x, y) : g.moveTo(x, y);
    down = true;
  }
  g.stroke();
}

/** Frame, grid, ticks and names of a panel {l, t, r, b, x, y}; ticks as [share, label]. */
function axes(g, p, xTicks, yTicks, xName, yName) {
  g.lineWidth = 1;
  g.strokeStyle = css("--grid");
  for (const [unit, text] of xTicks) {
    const x = Math.round(p.l + unit * (p.r - p.l)) + 0.5;
    g.beginPath(); g.moveTo(x, p.t); g.lineTo(x, p.b); g.stroke();
    if (xName !== null) write(g, text, x, p.b + 5, "center", "top");
  }
  for (const [unit, text] of yTicks) {
    const y = Math.round(p.b - unit * (p.b - p.t)) + 0.5;
    g.strokeStyle = css("--grid");
    g.beginPath(); g.moveTo(p.l, y); g.lineTo(p.r, y); g.stroke();
    write(g, text, p.l - 5, y, "right");
  }
  g.strokeStyle = css("--line");
  g.strokeRect(p.l + 0.5, p.t + 0.5, p.r - p.l - 1, p.b - p.t - 1);
  if (xName) write(g, xName, (p.l + p.r) / 2, p.b + 27, "center");
  if (yName) writeUp(g, yName, 9, (p.t + p.b) / 2);
}
const scaleTicks = (scale, n) => ticks(scale, n).map(([value, text]) => [scale.unit(value), text]).filter(([u]) => u >= -1e-9 && u <= 1 + 1e-9);
/** Ticks of a column's axis: its words, or round numbers. */
const columnTicks = (column, n) => (column.texts ? column.texts.map((text, i) => [column.scale.unit(i), text]) : scaleTicks(column.scale, n));

function colourBar(g, column, x, t, b, asLines) {
  const height = b - t;
  for (let y = 0; y < height; y++) {
    const unit = 1 - (y + 0.5) / height, share = column.distance ? 1 - unit : unit;
    g.fillStyle = rgb(asLines ? lineColour(share) : colourAt(ANCHORS, share));
    g.fillRect(x, t + y, 11, 1.5);
  }
  const marks = column.texts ? columnTicks(column) : scaleTicks(column.colours, 5);
  for (const [unit, text] of marks) {
    const y = b - unit * height;
    g.fillStyle = css("--dim");
    g.fillRect(x + 11, y - 0.5, 4, 1);
    write(g, text.length > 9 ? text.slice(0, 8) + "…" : text, x + 17, y);
  }
}
