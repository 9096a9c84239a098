// What is shown: choices, filters, selection; and the address, which holds them.

const S = { stat: 0, x: 0, y: 1, colour: -1, layer: "agg", smooth: 30, row: 0, hover: -1, brush: {}, slice: {}, thumbs: false, sort: null, target: null };
let D = null;
/** Columns: parameters, then statistics, then the rmse to a target. */
let C = [];
let keep = null, kept = 0, drawn = [], filterNo = 0, dragged = false;
/** Most simulations that views draw one by one; fewer of them while a brush is dragged over a large sweep. */
const MOST_DRAWN = 1200, MOST_DRAGGED = 250;

const values = k => C[k].values;
const colourColumn = () => C[S.colour >= 0 ? S.colour : S.stat];
const isDone = row => D.states[row] === 0;

/** Which rows pass every brush and slider. */
function filter(dragging = false) {
  keep = new Uint8Array(N).fill(1);
  for (const [k, [from, to]] of Object.entries(S.brush)) {
    // A logarithm for each simulation is too much for each movement of a brush.
    const units = (C[k].units ||= Float64Array.from(C[k].values, C[k].scale.unit));
    for (let i = 0; i < N; i++) if (!(units[i] >= from - 1e-9 && units[i] <= to + 1e-9)) keep[i] = 0;
  }
  for (const [k, level] of Object.entries(S.slice)) {
    if (+k === S.x || +k === S.y) continue;
    const { values, levels } = C[k], wanted = levels[level];
    for (let i = 0; i < N; i++) if (values[i] !== wanted) keep[i] = 0;
  }
  kept = 0;
  for (let i = 0; i < N; i++) kept += keep[i];
  const withWaves = [];
  for (let i = 0; i < N; i++) if (keep[i]) withWaves.push(i);
  dragged = dragging && N > 5000;
  drawn = spread(withWaves, dragged ? MOST_DRAGGED : MOST_DRAWN);
  filterNo++;
}

function spread(all, n) {
  if (all.length <= n) return all;
  return Array.from({ length: n }, (_, i) => all[Math.floor((i * all.length) / n)]);
}

let saved = "";
/** Writes the view into the address, by names, so that it holds for another file of the sweep; a target goes beside it, where it outlasts a reload. */
function saveAddress() {
  const q = new URLSearchParams();
  for (const key of ["stat", "x", "y", "colour"]) if (C[S[key]]) q.set(key, C[S[key]].name);
  q.set("layer", S.layer);
  q.set("smooth", S.smooth);
  q.set("sim", D.sims[S.row]);
  for (const [k, range] of Object.entries(S.brush)) q.append("keep", `${range.map(u => u.toFixed(4)).join("~")}~${C[k].name}`);
  for (const [k, level] of Object.entries(S.slice)) q.append("at", `${level}~${C[k].name}`);
  if (S.thumbs) q.set("cells", 1);
  if (S.sort) q.set("sort", `${S.sort[1]}~${C[S.sort[0]].name}`);
  const now = `#${q}`, target = S.target && { name: S.target.name, layer: S.target.layer, times: S.target.times, values: S.target.values };
  // Browsers take only so many changes of the address in a minute: a pointer that moves must not use them up.
  if (saved === now + (target ? S.target.no : "")) return;
  saved = now + (target ? S.target.no : "");
  try { history.replaceState(target, "", now); } catch { /* a page within a frame may have no address */ }
}

function readAddress() {
  const q = new URLSearchParams(location.hash.slice(1)), index = name => C.findIndex(c => c.name === name);
  for (const key of ["stat", "x", "y", "colour"]) if (q.get(key) !== null && index(q.get(key)) >= 0) S[key] = index(q.get(key));
  if (["agg", "L2", "L5"].includes(q.get("layer"))) S.layer = q.get("layer");
  if (q.get("smooth") !== null && Number.isFinite(+q.get("smooth"))) S.smooth = Math.max(0, Math.min(60, +q.get("smooth")));
  if (q.get("sim") !== null) { const row = D.sims.indexOf(+q.get("sim")); if (row >= 0) S.row = row; }
  const named = entry => { const parts = entry.split("~"); return parts; };
  for (const entry of q.getAll("keep")) {
    const [from, to, ...name] = named(entry), k = index(name.join("~"));
    if (k >= 0 && Number.isFinite(+from) && Number.isFinite(+to)) S.brush[k] = [+from, +to];
  }
  for (const entry of q.getAll("at")) {
    const [level, ...name] = named(entry), k = index(name.join("~"));
    if (k >= 0 && C[k].levels && +level in C[k].levels) S.slice[k] = +level;
  }
  S.thumbs = q.get("cells") === "1";
  if (q.get("sort")) { const [way, ...name] = named(q.get("sort")), k = index(name.join("~")); if (k >= 0) S.sort = [k, +way < 0 ? -1 : 1]; }
}

// ---- waveforms -------------------------------------------------------------------------------------------------------

const LAYERS = { L2: [0], L5: [1], agg: [0, 1] };
const cache = new Map();
let cacheKey = "";

/** Dipole of a row and trial (all: -1 gives their mean) as it was packed; null where none is stored. */
function rawWave(row, layer, trial = -1) {
  const slot = D.waveSlot[row];
  if (slot < 0) return null;
  const m = META.samples, T = META.trials, wave = new Float32Array(m), trials = trial < 0 ? [...Array(T).keys()] : [trial];
  const scale = D.waveScale[slot] / trials.length;
  for (const t of trials) {
    for (const l of LAYERS[layer]) {
      const start = ((slot * T + t) * 2 + l) * m;
      for (let k = 0; k < m; k++) wave[k] += D.waves[start + k] * scale;
    }
  }
  return wave;
}

/** The same, smoothed as the slider says; kept for the next time. */
function wave(row, layer = S.layer) {
  const key = `${S.smooth}`;
  if (key !== cacheKey) { cache.clear(); cacheKey = key; }
  const own = row * 3 + ["agg", "L2", "L5"].indexOf(layer);
  let found = cache.get(own);
  if (found === undefined) {
    const raw = rawWave(row, layer);
    found = raw && smooth(raw, S.smooth, META.step);
    if (cache.size > 6000) cache.clear();
    cache.set(own, found);
  }
  return found;
}
const timeOf = k => META.first + k * META.step;

/** Spikes of a row and trial: arrays of times (ms) and gids; null where none are stored. */
function spikesOf(row, trial) {
  const slot = D.spikeSlot[row];
  if (slot < 0) return null;
  const place = slot * META.trials + trial, from = D.spikeStart[place], to = D.spikeStart[place + 1];
  return { times: Array.from(D.spikeTimes.subarray(from, to), t => t * META.spike_unit), gids: D.spikeGids.subarray(from, to) };
}

/** Where drives act: the median of their spikes in a row, for those that spike together. */
function driveTimes(row) {
  const spikes = spikesOf(row, 0);
  if (!spikes) return [];
  return META.types.filter(type => type.drive).flatMap(type => {
    const own = spikes.times.filter((_, i) => spikes.gids[i] >= type.first && spikes.gids[i] < type.end).sort((a, b) => a - b);
    if (!own.length) return [];
    const median = own[own.length >> 1], middle = own[Math.floor(own.length * 0.84)] - own[Math.floor(own.length * 0.16)];
    return middle < Math.max(40, META.tstop / 6) ? [{ name: type.name, time: median }] : [];
  });
}
