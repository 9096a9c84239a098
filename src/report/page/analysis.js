// What is computed of waveforms and columns. No page: tested on its own.

let kernelOf = { n: 0, taps: null };
/** A Hamming window of `n` samples; an even one has no middle, so it is the mean of its two nearest places and one sample longer. */
function kernel(n) {
  if (kernelOf.n === n) return kernelOf.taps;
  const taps = Float64Array.from({ length: n }, (_, k) => 0.54 - 0.46 * Math.cos((2 * Math.PI * k) / (n - 1)));
  const sum = taps.reduce((a, b) => a + b, 0), length = n % 2 ? n : n + 1;
  const centred = Float64Array.from({ length }, (_, k) => (n % 2 ? taps[k] : ((taps[k] ?? 0) + (taps[k - 1] ?? 0)) / 2) / sum);
  kernelOf = { n, taps: centred };
  return centred;
}

/** hnn-core's smoothing: a Hamming window of `width` ms, as long as the waveform, with zeros beyond its ends. */
function smooth(values, width, step) {
  const n = Math.round(width / step), length = values.length;
  if (n < 2 || n > length) return values;
  const taps = kernel(n), half = (taps.length - 1) / 2, result = new Float32Array(length);
  const padded = new Float64Array(length + 2 * half);
  padded.set(values, half);
  for (let i = 0; i < length; i++) {
    let total = taps[half] * padded[i + half];
    for (let k = 0; k < half; k++) total += taps[k] * (padded[i + k] + padded[i + 2 * half - k]);
    result[i] = total;
  }
  return result;
}

/** Root mean square difference of a waveform, sampled at `first + k * step`, from a target, at the target's times. */
function rmse(values, first, step, target) {
  let sum = 0, n = 0;
  const last = values.length - 1;
  for (let i = 0; i < target.times.length; i++) {
    const place = (target.times[i] - first) / step;
    if (place < -1 || place > last + 1) continue;
    const k = Math.max(0, Math.min(last - 1, Math.floor(place))), part = Math.max(0, Math.min(1, place - k));
    const difference = values[k] * (1 - part) + values[k + 1] * part - target.values[i];
    sum += difference * difference;
    n++;
  }
  return n >= 2 ? Math.sqrt(sum / n) : NaN;
}

/** A target at even times, `step` ms apart, up to `end`. */
function evenly(target, step, end) {
  const { times, values } = target, result = [];
  let i = 0;
  for (let t = times[0]; t <= Math.min(end, times[times.length - 1]); t += step) {
    while (i < times.length - 2 && times[i + 1] < t) i++;
    result.push(values[i] + ((values[i + 1] - values[i]) * (t - times[i])) / (times[i + 1] - times[i]));
  }
  return result;
}

/** Two columns of a text: hnn-core's dipole text, CSV with or without a heading. `which` is the place of agg, L2 or L5 behind the time. */
function parseTarget(text, which) {
  const times = [], values = [];
  let column = which;
  for (const line of text.split(/\r?\n/)) {
    const fields = line.split("#")[0].trim().split(/[\s,;]+/);
    const numbers = fields.map(Number);
    if (fields.length < 2 || !numbers.slice(0, 2).every(Number.isFinite)) {
      const heading = fields.map(f => f.replace(/"/g, ""));
      const named = heading.indexOf(["agg", "L2", "L5"][which - 1]);
      if (!times.length && named > 0) column = named;
      continue;
    }
    const value = numbers[Math.min(column, numbers.length - 1)];
    if (!Number.isFinite(value) || (times.length && numbers[0] <= times[times.length - 1])) continue;
    times.push(numbers[0]);
    values.push(value);
  }
  return times.length >= 2 ? { times, values } : null;
}

/** Welch's density in one Hamming window, up to `most` Hz: [frequencies, densities]. */
function spectrum(values, step, most) {
  const n = values.length, rate = 1000 / step, resolution = rate / n;
  let mean = 0, norm = 0;
  for (const value of values) mean += value / n;
  const tapered = new Float64Array(n);
  for (let k = 0; k < n; k++) {
    const taper = 0.54 - 0.46 * Math.cos((2 * Math.PI * k) / n);
    tapered[k] = (values[k] - mean) * taper;
    norm += taper * taper;
  }
  const frequencies = [], densities = [];
  for (let f = 1; f <= n / 2 && f * resolution <= most; f++) {
    // A turning pointer instead of sines and cosines of every sample.
    const angle = (2 * Math.PI * f) / n, c = Math.cos(angle), s = Math.sin(angle);
    let real = 0, imaginary = 0, x = 1, y = 0;
    for (let k = 0; k < n; k++) {
      real += tapered[k] * x;
      imaginary += tapered[k] * y;
      [x, y] = [x * c - y * s, x * s + y * c];
    }
    frequencies.push(f * resolution);
    densities.push(((2 * f === n ? 1 : 2) * (real * real + imaginary * imaginary)) / (rate * norm));
  }
  return [frequencies, densities];
}

/** Share of the variance of `y` that the mean at each place of a parameter explains: the first-order Sobol index. */
function shareOfVariance(places, x, y) {
  const sums = new Float64Array(places.n), counts = new Float64Array(places.n);
  let total = 0, n = 0;
  for (let i = 0; i < y.length; i++) if (Number.isFinite(y[i]) && places.at(x[i]) >= 0) { total += y[i]; n++; }
  const mean = total / n;
  let variance = 0;
  for (let i = 0; i < y.length; i++) {
    const place = places.at(x[i]);
    if (!Number.isFinite(y[i]) || place < 0) continue;
    const difference = y[i] - mean;
    sums[place] += difference;
    counts[place]++;
    variance += difference * difference;
  }
  let between = 0;
  for (let k = 0; k < places.n; k++) if (counts[k]) between += (sums[k] * sums[k]) / counts[k];
  return variance > 0 ? between / variance : NaN;
}

/** Whether every combination of the parameters' levels is there once. */
function isFullGrid(parameters, n) {
  return parameters.length > 0 && parameters.every(p => p.levels) && parameters.reduce((product, p) => product * p.levels.length, 1) === n;
}

/** Current source density of contacts that are evenly spaced; the ends continue the line through their neighbours. */
function sourceDensity(potential, spacing) {
  const n = potential.length, inner = k => potential[k].map((v, t) => -(potential[k + 1][t] - 2 * v + potential[k - 1][t]) / (spacing * spacing));
  const rows = [];
  for (let k = 1; k < n - 1; k++) rows[k] = inner(k);
  rows[0] = rows[1].map((v, t) => 2 * v - rows[2][t]);
  rows[n - 1] = rows[n - 2].map((v, t) => 2 * v - rows[n - 3][t]);
  return rows;
}
