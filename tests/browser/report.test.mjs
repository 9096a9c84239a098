// The report in a real browser: what it says about itself equals the tables; pointers, keys, a dropped target, no errors.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test, { after, before } from "node:test";
import { gunzipSync } from "node:zlib";
import { chromium } from "playwright-core";

const program = process.env.HNN_SWEEP, artefacts = process.env.ARTEFACTS;
const PIPELINE = `
name = "<img src=x onerror=\\"document.title='harmed'\\">"
save_folder = "results"
[network]
model = "neymotin_2020"
mesh_shape = [2, 2]
[simulation]
tstop = 30.0
dt = 0.025
n_trials = 2
[grid]
weight = [0.0005, 0.001, 0.002, 0.004]
mu = [6.0, 8.0, 10.0]
sigma = [1.0, 2.0]
[[drive]]
type = "evoked"
name = "</script><script>document.title='harmed'</script>"
mu = "mu"
sigma = "sigma"
numspikes = 1
location = "proximal"
weights_ampa = { L2_pyramidal = "weight", L5_pyramidal = "weight" }
synaptic_delays = 0.1
[[electrode_array]]
name = "shank"
electrode_pos = [[1.0, 1.0, 0.0], [1.0, 1.0, 400.0], [1.0, 1.0, 800.0], [1.0, 1.0, 1200.0]]
[output]
save_dpl = true
save_spiking = true
save_lfp = true
[[summary]]
name = "top"
statistic = "max"
trials = "mean"
[[summary]]
name = "lowest"
statistic = "min"
trials = "mean"
`;
let folder, browser, page, problems;

const run = (...args) => execFileSync(program, args, { cwd: folder, encoding: "utf8" });
const told = () => page.evaluate(() => ({ ...document.body.dataset }));
const settle = () => page.waitForTimeout(250);
const open = async (file, hash = "", options = {}) => {
  if (page) await page.context().close();
  page = await (await browser.newContext({ viewport: { width: 1500, height: 1000 }, ...options })).newPage();
  problems = [];
  page.on("console", message => { if (["error", "warning"].includes(message.type())) problems.push(message.text()); });
  page.on("pageerror", error => problems.push(String(error)));
  page.on("request", request => { if (!request.url().startsWith("file:")) problems.push("asked for " + request.url()); });
  await page.goto("file://" + join(folder, file) + hash);
  await page.waitForFunction(() => document.body.dataset.ready, null, { timeout: 20000 });
};
/** Columns of the file, unpacked by other means than the page's. */
const packedColumns = n => {
  const text = readFileSync(join(folder, "report.html"), "utf8").split('id="blob-columns">')[1].split("<")[0];
  const bytes = gunzipSync(Buffer.from(text, "base64")), numbers = bytes.length / 8, number = Buffer.alloc(8), columns = [];
  for (let i = 0; i < numbers; i++) {
    for (let place = 0; place < 8; place++) number[place] = bytes[place * numbers + i];
    (columns[Math.floor(i / n)] ||= []).push(number.readDoubleLE(0));
  }
  return columns;
};
const picture = name => page.screenshot({ path: join(artefacts, name), fullPage: true });

before(async () => {
  folder = mkdtempSync(join(tmpdir(), "hnn-sweep-browser-"));
  mkdirSync(artefacts, { recursive: true });
  writeFileSync(join(folder, "small.toml"), PIPELINE);
  run("run", "small.toml", "--quiet");
  run("report", "results", "-o", "report.html");
  // A simulation's own dipole as the measured one.
  run("export", "dipole-txt", "results", "--all-digits", "-o", "text");
  browser = await chromium.launch({ executablePath: process.env.CHROMIUM, args: ["--no-sandbox"] });
});
after(async () => {
  await browser?.close();
  if (folder) rmSync(folder, { recursive: true, force: true });
});

test("it shows every simulation, the chosen statistic and the selection's own values", async () => {
  await open("report.html");
  const { n, kept, values, sum, stat, sim } = await told();
  assert.deepEqual([n, kept, values, stat], ["24", "24", "24", "top"]);
  const shown = JSON.parse(await page.evaluate(() => document.querySelector(".one").dataset.values));
  assert.deepEqual(Object.keys(shown), ["weight", "mu", "sigma", "top", "lowest"]);
  // The first selection is the greatest of the statistic; the sum is that of all.
  const all = await page.$$eval("#table tr[data-row]", rows => rows.map(row => row.children[4].textContent));
  assert.equal(all.length, 24);
  // What is packed equals the tables (tests/report.rs); what is shown equals what is packed, to the last digit.
  const [weight, mu, sigma, top, lowest] = packedColumns(24), row = top.indexOf(Math.max(...top));
  assert.deepEqual(shown, { weight: weight[row], mu: mu[row], sigma: sigma[row], top: top[row], lowest: lowest[row] });
  assert.equal(Number(sum), top.reduce((a, b) => a + b, 0));
  assert.equal(await page.textContent("#one-title"), `Simulation ${sim}`);
  assert.deepEqual(problems, []);
  await picture("report.png");
});

test("names from outside are text, and nothing is fetched", async () => {
  await open("report.html");
  assert.ok((await page.textContent("h1")).startsWith("<img src=x"));
  assert.ok((await page.title()).startsWith("<img src=x"));
  assert.equal(await page.$$eval("h1 img, h1 *", all => all.length), 0);
  assert.equal(await page.$$eval("script", all => all.length), 2);
  assert.deepEqual(problems, []);
});

test("the address holds the view", async () => {
  await open("report.html", "#stat=lowest&x=mu&y=sigma&layer=L5&smooth=3&sim=5&at=2~weight&keep=0.4~1~top");
  const before = await told();
  assert.equal(before.stat, "lowest");
  assert.equal(before.sim, "5");
  assert.ok(Number(before.kept) <= 6);
  await page.reload();
  await page.waitForFunction(() => document.body.dataset.ready);
  const again = await told();
  for (const key of ["kept", "sum", "stat", "sim"]) assert.equal(again[key], before[key], key);
  assert.deepEqual(problems, []);
});

test("a click selects, a brush filters, an axis that is clicked lets go", async () => {
  await open("report.html");
  const heat = await page.locator("#heat").boundingBox();
  await page.mouse.click(heat.x + 80, heat.y + 30);
  await settle();
  const corner = JSON.parse(await page.evaluate(() => document.querySelector(".one").dataset.values));
  assert.deepEqual([corner.weight, corner.mu], [0.0005, 10]);
  await page.locator("#para").scrollIntoViewIfNeeded();
  const para = await page.locator("#para").boundingBox(), x = para.x + 64;
  await page.mouse.move(x, para.y + 36);
  await page.mouse.down();
  await page.mouse.move(x, para.y + 90, { steps: 4 });
  await page.mouse.up();
  await settle();
  assert.equal((await told()).kept, "6");
  await page.mouse.click(x, para.y + 150);
  await settle();
  assert.equal((await told()).kept, "24");
  await page.locator("#reset").click();
  assert.deepEqual(problems, []);
});

test("it is used by keyboard alone", async () => {
  await open("report.html");
  await page.focus("#over");
  const { sim } = await told();
  await page.keyboard.press(Number(sim) > 0 ? "ArrowLeft" : "ArrowRight");
  await settle();
  assert.equal(Math.abs(Number((await told()).sim) - Number(sim)), 1);
  await page.selectOption("#range-of", { label: "mu" });
  await page.fill("#range-from", "7");
  await page.press("#range-from", "Enter");
  await settle();
  assert.equal((await told()).kept, "16");
  await page.focus("#sliders input");
  await page.keyboard.press("ArrowRight");
  await settle();
  assert.equal((await told()).kept, "8");
  await page.locator("#table tr[data-row]").nth(1).focus();
  await page.keyboard.press("Enter");
  await settle();
  assert.ok(await page.locator("#table tr.on").count());
  assert.deepEqual(problems, []);
});

test("a measured waveform becomes a target, and its own simulation is the best fit", async () => {
  await open("report.html", "#smooth=0");
  const own = join(folder, "text", "dpl_13_0.txt");
  await page.setInputFiles("#file", own);
  await settle();
  const { stat, target, values } = await told();
  assert.deepEqual([stat, target, values], ["rmse", "dpl_13_0.txt", "24"]);
  // The best fits are listed, the best first.
  assert.equal(await page.getAttribute("#table th:last-child", "aria-sort"), "ascending");
  assert.equal(await page.textContent("#table tr[data-row] td"), (await told()).sim);
  const text = readFileSync(own, "utf8");
  await page.evaluate(content => {
    const data = new DataTransfer();
    data.items.add(new File([content], "dropped.txt", { type: "text/plain" }));
    dispatchEvent(new DragEvent("drop", { dataTransfer: data, bubbles: true }));
  }, text);
  await settle();
  assert.equal((await told()).target, "dropped.txt");
  // A page that is written anew during a run reads itself again, and keeps what was dropped on it.
  const best = (await told()).sim;
  await page.selectOption("#layer", "L5");
  await settle();
  await page.reload();
  await page.waitForFunction(() => document.body.dataset.ready);
  const again = await told();
  assert.deepEqual([again.target, again.stat, again.sim], ["dropped.txt", "rmse", best]);
  assert.equal(await page.inputValue("#layer"), "L5");
  assert.deepEqual(problems, []);
  await picture("target.png");
});

test("it fits 800 pixels, grows with the window, and has a dark side", async () => {
  for (const [width, colorScheme, hash] of [[800, "light", ""], [800, "dark", "#cells=1"], [1280, "dark", "#cells=1"], [2200, "dark", ""]]) {
    await open("report.html", hash, { viewport: { width, height: 900 }, colorScheme });
    const shown = await page.evaluate(() => ({
      across: document.documentElement.scrollWidth - innerWidth,
      empty: [...document.querySelectorAll("canvas:not([hidden])")].filter(c => c.clientWidth < 100 || c.clientHeight < 50).map(c => c.id),
      nameless: [...document.querySelectorAll("canvas:not([hidden])")].filter(c => !c.getAttribute("aria-label")).map(c => c.id),
    }));
    assert.deepEqual(shown, { across: shown.across, empty: [], nameless: [] });
    const overlaps = await page.$$eval("main > section", all => all.flatMap((a, i) => all.slice(i + 1).filter(b => {
      const [p, q] = [a.getBoundingClientRect(), b.getBoundingClientRect()];
      return p.left < q.right && q.left < p.right && p.top < q.bottom && q.top < p.bottom;
    }).map(b => `${a.className} lies on ${b.className}`)));
    assert.deepEqual(overlaps, []);
    const narrow = await page.$$eval("main > section", all => all.filter(one => one.clientWidth < 320).map(one => one.className));
    assert.deepEqual(narrow, []);
    assert.ok(shown.across <= 0, `${width}: ${shown.across} pixels too wide`);
    await page.setViewportSize({ width: width + 150, height: 700 });
    await settle();
    assert.deepEqual(problems, []);
    await picture(`${width}-${colorScheme}${hash ? "-cells" : ""}.png`);
  }
});
