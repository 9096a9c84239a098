// Places on axes, ticks and labels. No page, no data: tested on its own.

/** A range of data on an axis. */
function makeScale(lo, hi, log) {
  const map = log ? Math.log10 : value => value;
  const a = map(lo), b = map(hi);
  return {
    lo, hi, log,
    unit: value => (map(value) - a) / (b - a),
    value: unit => (log ? 10 ** (a + unit * (b - a)) : a + unit * (b - a)),
  };
}

/** Scale of all finite values, never empty. */
function scaleOf(values, log) {
  let lo = Infinity, hi = -Infinity;
  for (const value of values) {
    if (!Number.isFinite(value)) continue;
    if (value < lo) lo = value;
    if (value > hi) hi = value;
  }
  if (lo > hi) return makeScale(0, 1, false);
  const logarithmic = log && lo > 0;
  if (lo < hi) return makeScale(lo, hi, logarithmic);
  if (logarithmic) return makeScale(lo / 2, hi * 2, true);
  const half = lo === 0 ? 0.5 : 0.05 * Math.abs(lo);
  return makeScale(lo - half, hi + half, false);
}

/** The same with a margin, as a share of its length. */
const widened = (scale, share) => makeScale(scale.value(-share), scale.value(1 + share), scale.log);

/** Largest of 1, 2 and 5 times a power of ten that is not much smaller. */
function roundStep(raw) {
  const power = 10 ** Math.floor(Math.log10(raw)), part = raw / power;
  return power * (part <= 1 ? 1 : part <= 2 ? 2 : part <= 5 ? 5 : 10);
}

/** Round values on an axis with labels that have as many decimals each. */
function ticks(scale, n) {
  if (scale.log && scale.hi / scale.lo >= 10) {
    const first = Math.ceil(Math.log10(scale.lo) - 1e-9), last = Math.floor(Math.log10(scale.hi) + 1e-9);
    const every = Math.max(1, Math.floor((last - first) / n) + 1), found = [];
    for (let e = Math.ceil(first / every) * every; e <= last; e += every) found.push([10 ** e, powerOfTen(e)]);
    return found;
  }
  const step = roundStep((scale.hi - scale.lo) / n), found = [];
  const decimals = Math.max(0, Math.min(12, -Math.floor(Math.log10(step) + 1e-9)));
  const plain = Math.max(Math.abs(scale.lo), Math.abs(scale.hi)) < 1e5 && Math.max(Math.abs(scale.lo), Math.abs(scale.hi)) >= 1e-3;
  for (let i = Math.ceil(scale.lo / step - 1e-9); i <= scale.hi / step + 1e-9; i++) {
    const value = i * step;
    found.push([value, plain ? signed(value.toFixed(decimals)) : label(value)]);
  }
  return found;
}

const signed = text => (/^-0\.?0*$/.test(text) ? text.slice(1) : text).replace("-", "−");
const powerOfTen = e => "10" + String(e).replace(/./g, c => (c === "-" ? "⁻" : "⁰¹²³⁴⁵⁶⁷⁸⁹"[c]));

/** A number in four significant digits. */
function label(value) {
  if (value === 0) return "0";
  if (!Number.isFinite(value)) return "–";
  const size = Math.abs(value);
  const trim = text => signed(text.includes(".") ? text.replace(/\.?0+$/, "") : text);
  if (size < 1e-4 || size >= 1e6) {
    const e = Math.floor(Math.log10(size));
    return `${trim((value / 10 ** e).toFixed(3))}·${powerOfTen(e)}`;
  }
  return trim(value.toFixed(Math.max(0, Math.min(8, 3 - Math.floor(Math.log10(size))))));
}

/** Places of a column's values: one for each level, or equal bins where there are too many. */
function placesOf(column, bins) {
  const { levels, scale } = column;
  if (levels) {
    const index = new Map(levels.map((level, i) => [level, i]));
    return { n: levels.length, at: value => index.get(value) ?? -1, exact: true };
  }
  return { n: bins, at: value => (Number.isFinite(value) ? Math.min(bins - 1, Math.max(0, Math.floor(scale.unit(value) * bins))) : -1), exact: false };
}

/** Ticks of an axis with a place for each level, as [share of the axis, label]. */
function placeTicks(column, places, n) {
  const { levels, scale, texts } = column;
  if (!places.exact) return ticks(scale, n).map(([value, text]) => [scale.unit(value), text]);
  const last = Math.max(1, places.n - 1);
  const even = places.n > n && !texts && levels.every((level, i) => Math.abs(scale.unit(level) - i / last) < 0.02);
  if (even) return ticks(scale, n).map(([value, text]) => [(scale.unit(value) * last + 0.5) / places.n, text]);
  const every = Math.max(1, Math.ceil(places.n / Math.max(1, n)));
  return levels.map((level, i) => [(i + 0.5) / places.n, column.text(level)]).filter((_, i) => i % every === 0);
}
