// The page's own mathematics, without a page.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import test from "node:test";
import vm from "node:vm";

const source = name => readFileSync(new URL(`../../src/report/page/${name}.js`, import.meta.url), "utf8");
const names = "makeScale scaleOf widened ticks label placesOf placeTicks smooth rmse evenly parseTarget spectrum shareOfVariance isFullGrid sourceDensity";
const page = vm.runInNewContext(`${source("scale")}\n${source("analysis")}\n({${names.split(" ").join(",")}})`, {});
const plain = value => JSON.parse(JSON.stringify(value));

test("ticks are round, inside, and have powers of ten on logarithmic axes", () => {
  const labels = (lo, hi, log) => plain(page.ticks(page.makeScale(lo, hi, log), 5).map(t => t[1]));
  assert.deepEqual(labels(0, 170, false), ["0", "50", "100", "150"]);
  assert.deepEqual(labels(-0.012, 0.019, false), ["−0.01", "0.00", "0.01"]);
  assert.deepEqual(labels(1e-4, 1e-1, true), ["10⁻⁴", "10⁻³", "10⁻²", "10⁻¹"]);
});

test("a scale of one value, of none, and of what is no number is a scale", () => {
  for (const values of [[], [NaN], [3], [0, 0], [Infinity, 1]]) {
    const scale = page.scaleOf(values, true);
    assert.ok(scale.lo < scale.hi && Number.isFinite(scale.unit(1)), String(values));
  }
  const log = page.makeScale(1e-4, 1e-1, true);
  assert.ok(Math.abs(log.value(log.unit(0.00316)) - 0.00316) < 1e-12);
});

test("numbers are written as in figures", () => {
  assert.deepEqual([0, -0.0037934, 12345.678, 1.5e-7, NaN].map(page.label), ["0", "−0.003793", "12346", "1.5·10⁻⁷", "–"]);
});

test("smoothing keeps a waveform in its place and its area", () => {
  const wave = Float64Array.from({ length: 400 }, (_, k) => Math.exp(-(((k - 200) / 12) ** 2)));
  for (const width of [10, 10.5, 30]) {
    const smoothed = Array.from(page.smooth(wave, width, 0.5)), sum = v => Array.from(v).reduce((a, b) => a + b, 0);
    assert.equal(smoothed.indexOf(Math.max(...smoothed)), 200);
    assert.ok(Math.abs(sum(smoothed) / sum(wave) - 1) < 1e-6);
  }
  assert.equal(page.smooth(wave, 0, 0.5), wave);
  assert.equal(page.smooth(wave, 1000, 0.5), wave);
});

test("the rmse is at the target's times within the waveform", () => {
  const wave = Float64Array.from({ length: 100 }, (_, k) => 2 * k);
  assert.equal(page.rmse(wave, 0, 1, { times: [1.5, 7.25], values: [3, 14.5] }), 0);
  assert.equal(page.rmse(wave, 0, 1, { times: [1, 2, 5000], values: [5, 7, 1e9] }), 3);
  assert.ok(Number.isNaN(page.rmse(wave, 0, 1, { times: [900, 901], values: [0, 0] })));
});

test("a target of uneven times is put on even ones", () => {
  const target = { times: [0, 1, 3, 10], values: [0, 2, 6, 20] };
  assert.deepEqual(plain(page.evenly(target, 2, 7)), [0, 4, 8, 12]);
  assert.deepEqual(plain(page.evenly(target, 5, 1000)), [0, 10, 20]);
});

test("targets are read from hnn-core's text and from CSV", () => {
  assert.deepEqual(plain(page.parseTarget("0.000\t1\t2\t3\n0.5\t4\t5\t6\n", 1)), { times: [0, 0.5], values: [1, 4] });
  assert.deepEqual(plain(page.parseTarget("0.000\t1\t2\t3\n0.5\t4\t5\t6\n", 3)), { times: [0, 0.5], values: [3, 6] });
  assert.deepEqual(plain(page.parseTarget("time,L2,agg\r\n1,2,3\r\n2,4,5\r\n", 1)), { times: [1, 2], values: [3, 5] });
  assert.deepEqual(plain(page.parseTarget("# measured\n0 1\n1 2", 1)), { times: [0, 1], values: [1, 2] });
  assert.equal(page.parseTarget("<script>alert(1)</script>\n", 1), null);
});

test("a sine has its peak at its frequency, and Parseval's sum", () => {
  const wave = Float64Array.from({ length: 1000 }, (_, k) => Math.sin(2 * Math.PI * 40 * k * 0.0005));
  const [frequencies, densities] = page.spectrum(wave, 0.5, 1000);
  assert.equal(frequencies[densities.indexOf(Math.max(...densities))], 40);
  const power = densities.reduce((a, b) => a + b, 0) * (frequencies[1] - frequencies[0]);
  assert.ok(Math.abs(power - 0.5) < 0.01, String(power));
});

test("the share of variance is exact on a grid", () => {
  // y = 3 a + b on a 2 x 2 grid: variances 9 and 1 to 10.
  const a = { levels: [0, 2], values: [0, 0, 2, 2] }, b = { levels: [0, 2], values: [0, 2, 0, 2] }, y = [0, 2, 6, 8];
  assert.ok(Math.abs(page.shareOfVariance(page.placesOf(a, 20), a.values, y) - 0.9) < 1e-12);
  assert.ok(Math.abs(page.shareOfVariance(page.placesOf(b, 20), b.values, y) - 0.1) < 1e-12);
  assert.ok(page.isFullGrid([a, b], 4) && !page.isFullGrid([a, b], 3));
});

test("the source density of a parabola is its curvature, at the ends too", () => {
  const potential = [0, 1, 2, 3, 4].map(k => [k * k]);
  assert.deepEqual(plain(page.sourceDensity(potential, 2)), [[-0.5], [-0.5], [-0.5], [-0.5], [-0.5]]);
});
