// One simulation: dipoles, histogram and raster, depth, spectrum and rates.

function simulation() {
  const row = S.row, words = [...C.filter(c => c.parameter), C[S.stat]].filter(Boolean).map(c => `${c.name} ${c.text(c.values[row])}${c.unit ? " " + c.unit : ""}`);
  byId("one-title").textContent = `Simulation ${D.sims[row]}` + (isDone(row) ? "" : D.states[row] === 1 ? ": failed" : ": not simulated yet");
  byId("one-words").textContent = words.join(" · ");
  byId("command").textContent = `hnn-sweep plot ${META.folder} simulation --sim ${D.sims[row]}`;
  dipoles(row);
  raster(row);
  depth(row);
  spectra(row);
  rates(row);
  byId("one-title").parentElement.dataset.values = JSON.stringify(Object.fromEntries(C.map(c => [c.name, c.texts ? c.text(c.values[row]) : c.values[row]])));
}

const timeAxis = (g, p) => scaleTicks(makeScale(0, META.tstop, false), Math.max(3, (p.r - p.l) / 50));

function dipoles(row) {
  const { g, w, h, canvas } = begin("dipole"), p = { l: 62, t: 6, r: w - 12, b: h - 6 };
  const agg = META.samples ? wave(row, "agg") : null;
  if (!agg) { write(g, META.samples ? "the dipole of this simulation is not in this file" : "no dipoles are stored", w / 2, h / 2, "center"); return; }
  const curves = [["L2", META.types.find(t => t.layer === 2)?.colour || "#1b9e5a", 1.2], ["L5", META.types.find(t => t.layer === 5)?.colour || "#d1590a", 1.2], ["agg", css("--ink"), 2]];
  const trials = META.trials > 1 ? Array.from({ length: META.trials }, (_, t) => smooth(rawWave(row, "agg", t), S.smooth, META.step)) : [];
  const target = S.target;
  const y = widened(scaleOf((function* () { for (const [name] of curves) yield* wave(row, name); for (const t of trials) yield* t; if (target) yield* target.values; })(), false), 0.05);
  const X = t => p.l + (t / META.tstop) * (p.r - p.l), Y = v => p.b - y.unit(v) * (p.b - p.t);
  axes(g, p, timeAxis(g, p), scaleTicks(y, 4), null, "dipole (nAm)");
  g.lineWidth = 0.8; g.strokeStyle = css("--dim"); g.globalAlpha = 0.45;
  for (const own of trials) trace(g, own.length, k => [X(timeOf(k)), Y(own[k])]);
  g.globalAlpha = 1;
  for (const [name, colour, width] of curves) {
    const own = wave(row, name);
    g.strokeStyle = colour; g.lineWidth = width;
    trace(g, own.length, k => [X(timeOf(k)), Y(own[k])]);
  }
  if (target) dashedTarget(g, target, X, Y);
  let x = p.r - 8;
  for (const [name, colour] of [...curves].sort((a, b) => (a[0] < b[0] ? 1 : -1))) { write(g, name, x, p.t + 9, "right", "middle", colour); x -= 28; }
  canvas.setAttribute("aria-label", `dipole of simulation ${D.sims[row]}: agg from ${label(Math.min(...agg))} to ${label(Math.max(...agg))} nAm${META.trials > 1 ? `, mean of ${META.trials} trials, which are thin` : ""}`);
}

function raster(row) {
  const { g, w, h, canvas } = begin("raster"), spikes = spikesOf(row, 0), p = { l: 62, r: w - 12 };
  if (!spikes) { write(g, META.types.length ? "the spikes of this simulation are not in this file" : "no spikes are stored", w / 2, h / 2, "center"); return; }
  const bin = 2, n = Math.max(1, Math.ceil(META.tstop / bin)), all = Array.from({ length: META.trials }, (_, t) => spikesOf(row, t));
  const typeOf = gid => META.types.findIndex(t => gid >= t.first && gid < t.end);
  const counts = META.types.map(() => new Float64Array(n));
  for (const trial of all) trial.times.forEach((time, i) => { const t = typeOf(trial.gids[i]); if (t >= 0) counts[t][Math.min(n - 1, Math.floor(time / bin))] += 1 / META.trials; });
  const cells = META.types.map((t, i) => i).filter(i => !META.types[i].drive), X = t => p.l + (t / META.tstop) * (p.r - p.l);
  const top = { ...p, t: 6, b: 48 }, most = Math.max(1, ...cells.map(i => Math.max(...counts[i])));
  axes(g, top, timeAxis(g, top), [[0, "0"], [1, label(Math.round(most * 10) / 10)]], null, "per 2 ms");
  for (const i of cells) {
    g.strokeStyle = META.types[i].colour; g.lineWidth = 1.2;
    trace(g, 2 * n, k => [X(Math.min(META.tstop, ((k >> 1) + (k & 1)) * bin)), top.b - (counts[i][k >> 1] / most) * (top.b - top.t)]);
  }
  const bottom = { ...p, t: 56, b: h - 38 };
  axes(g, bottom, timeAxis(g, bottom), [], "time (ms)", null);
  const weight = t => Math.min(t.drive ? 4 : Infinity, Math.max(2, Math.sqrt(t.end - t.first))), total = META.types.reduce((sum, t) => sum + weight(t), 0);
  let y = bottom.t;
  META.types.forEach((type, i) => {
    const height = ((bottom.b - bottom.t) * weight(type)) / total;
    g.fillStyle = type.colour;
    spikes.times.forEach((time, k) => {
      const gid = spikes.gids[k];
      if (gid >= type.first && gid < type.end) g.fillRect(X(time) - 0.6, y + height * (0.06 + (0.88 * (gid - type.first + 0.5)) / (type.end - type.first)) - 0.9, 1.4, 1.8);
    });
    write(g, fitted(g, type.name.replace("_pyramidal", " pyr").replace("_basket", " bas"), p.l - 8), p.l - 5, y + height / 2, "right", "middle", type.colour);
    y += height;
    if (i < META.types.length - 1) { g.strokeStyle = css("--grid"); g.beginPath(); g.moveTo(p.l, y); g.lineTo(p.r, y); g.stroke(); }
  });
  canvas.setAttribute("aria-label", "spikes: " + META.types.map((type, i) => `${type.name} ${label(counts[i].reduce((a, b) => a + b, 0))}`).join(", ") + (META.trials > 1 ? "; raster of the first trial" : ""));
}

/** LFP and CSD over depth. */
function depth(row) {
  const canvas = byId("depth"), slot = META.lfp ? D.lfpSlot[row] : -1;
  canvas.hidden = slot < 0;
  if (slot < 0) return;
  const { g, w, h } = begin("depth"), { contacts, samples, step, first, depths, spacing, name } = META.lfp, scale = D.lfpScale[slot];
  const potential = Array.from({ length: contacts }, (_, c) => Float32Array.from(D.lfp.subarray((slot * contacts + c) * samples, (slot * contacts + c + 1) * samples), v => v * scale));
  const density = spacing && contacts >= 4 ? sourceDensity(potential, spacing) : null, p = { l: 62, t: 22, r: w - 12, b: h - 36 };
  const order = [...depths.keys()].sort((a, b) => depths[b] - depths[a]), height = (p.b - p.t) / contacts;
  axes(g, p, timeAxis(g, p), order.map((c, j) => [1 - (j + 0.5) / contacts, label(depths[c])]).filter((_, j) => j % Math.ceil(contacts / 6) === 0), "time (ms)", "depth (µm)");
  if (density) {
    const largest = density.reduce((m, values) => values.reduce((n, v) => Math.max(n, Math.abs(v)), m), 1e-300);
    order.forEach((c, j) => {
      for (let x = p.l; x < p.r; x++) {
        const k = Math.round((((x - p.l) / (p.r - p.l)) * META.tstop - first) / step), value = density[c][Math.max(0, Math.min(samples - 1, k))];
        g.fillStyle = rgb(colourAt(DIVERGING, 0.5 + (0.5 * value) / largest));
        g.fillRect(x, p.t + j * height, 1.3, height + 0.4);
      }
    });
    write(g, fitted(g, `CSD up to ${label(largest)} µV/µm², sinks blue; lines: LFP of ${name}`, w - p.l - 4), p.l, 13);
  } else write(g, `LFP of ${name}`, p.l, 13);
  const peak = potential.reduce((m, values) => values.reduce((n, v) => Math.max(n, Math.abs(v)), m), 1e-300);
  g.strokeStyle = density ? "#111315" : css("--ink"); g.lineWidth = 0.9;
  order.forEach((c, j) => trace(g, samples, k => [p.l + ((first + k * step) / META.tstop) * (p.r - p.l), p.t + (j + 0.5) * height - (0.8 * height * potential[c][k]) / peak]));
  canvas.setAttribute("aria-label", `potentials of ${contacts} contacts of ${name}, largest ${label(peak)} µV`);
}

function spectra(row) {
  const { g, w, h, canvas } = begin("spec"), p = { l: 62, t: 6, r: w - 16, b: h - 36 };
  byId("spec-words").textContent = `${S.layer} dipole, Hamming window over all of it; rates of the selected simulation`;
  if (!META.samples || D.waveSlot[row] < 0) { write(g, "no dipole in this file", w / 2, h / 2, "center"); return; }
  const most = Math.min(100, 500 / META.step), key = [S.layer, filterNo].join();
  // A hundred others give the background; with long simulations fewer.
  if (H.spectraKey !== key) {
    const others = spread(drawn.filter(i => D.waveSlot[i] >= 0), Math.max(10, Math.min(100, Math.floor(3e7 / META.samples ** 2 * 10))));
    H.spectra = others.map(i => [i, spectrum(rawWave(i, S.layer), META.step, most)]);
    H.spectraKey = key;
  }
  const own = spectrum(rawWave(row, S.layer), META.step, most), target = S.target && S.target.layer === S.layer ? spectrum(evenly(S.target, META.step, META.tstop), META.step, most) : null;
  const all = [...H.spectra.map(s => s[1]), own[1], target ? target[1] : []];
  const positive = scaleOf((function* () { for (const densities of all) for (const v of densities) if (v > 0) yield v; })(), true);
  const y = positive.log ? makeScale(Math.max(positive.lo, positive.hi * 1e-8), positive.hi * 1.5, true) : positive, X = f => p.l + (f / most) * (p.r - p.l), Y = v => p.b - y.unit(Math.max(v, y.lo)) * (p.b - p.t);
  axes(g, p, scaleTicks(makeScale(0, most, false), 6), scaleTicks(y, 4), "frequency (Hz)", "nAm²/Hz");
  const cc = colourColumn();
  for (const [i, s] of H.spectra) { g.strokeStyle = cc ? colourLine(cc, cc.values[i], 0.3) : rgb(lineColour(0.5), 0.3); trace(g, s[0].length, k => [X(s[0][k]), Y(s[1][k])]); }
  g.strokeStyle = css("--accent"); g.lineWidth = 2; trace(g, own[0].length, k => [X(own[0][k]), Y(own[1][k])]); g.lineWidth = 1;
  if (target) { g.strokeStyle = css("--ink"); g.lineWidth = 1.8; g.setLineDash([6, 4]); trace(g, target[0].length, k => [X(target[0][k]), Y(target[1][k])]); g.setLineDash([]); g.lineWidth = 1; }
  const best = own[1].indexOf(Math.max(...own[1]));
  canvas.setAttribute("aria-label", `power spectrum of simulation ${D.sims[row]}, highest at ${label(own[0][best])} Hz`);
}

/** Spikes per cell and second of each cell type. */
function ratesOf(row) {
  const all = Array.from({ length: META.trials }, (_, t) => spikesOf(row, t));
  return META.types.filter(t => !t.drive).map(type => {
    let n = 0;
    for (const trial of all) for (const gid of trial.gids) if (gid >= type.first && gid < type.end) n++;
    return { type, rate: n / META.trials / (type.end - type.first) / (META.tstop / 1000) };
  });
}

function rates(row) {
  const { g, w, h, canvas } = begin("rates");
  if (D.spikeSlot[row] < 0) return;
  const all = ratesOf(row), most = Math.max(1e-9, ...all.map(r => r.rate)), l = 92, height = Math.min(22, (h - 4) / all.length);
  all.forEach(({ type, rate }, i) => {
    const y = 4 + i * height, length = (rate / most) * (w - l - 70);
    write(g, fitted(g, type.name, l - 8), l - 6, y + height / 2, "right", "middle", type.colour);
    g.fillStyle = type.colour; g.fillRect(l, y + 3, Math.max(1, length), height - 6);
    write(g, `${label(rate)} Hz`, l + length + 6, y + height / 2);
  });
  canvas.setAttribute("aria-label", "mean rates: " + all.map(({ type, rate }) => `${type.name} ${label(rate)} Hz`).join(", "));
}
