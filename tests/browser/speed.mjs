// How fast a page is: `node speed.mjs report.html [target.txt]`, from a folder with playwright-core. Printed, and asserted nowhere.
import { statSync } from "node:fs";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { chromium } from "playwright-core";

const [file, target] = process.argv.slice(2).map(path => resolve(path));
const browser = await chromium.launch({ executablePath: process.env.CHROMIUM || "/usr/bin/chromium", args: ["--no-sandbox"] });
const page = await browser.newPage({ viewport: { width: 1500, height: 1000 } });
page.on("pageerror", error => console.log(error.stack));

const milliseconds = async act => {
  const began = performance.now();
  await act();
  return Math.round(performance.now() - began);
};
const ready = await milliseconds(async () => {
  await page.goto(pathToFileURL(file).href);
  await page.waitForFunction(() => document.body.dataset.ready, null, { timeout: 60000 });
});
console.log(`${(statSync(file).size / 1e6).toFixed(2)} MB, ${await page.evaluate(() => document.body.dataset.n)} simulations: ready in ${ready} ms`);

// What each movement of a brush costs the page's thread: to filter, and to draw in the frame that follows. Waiting is not counted.
const session = await page.context().newCDPSession(page);
await session.send("Performance.enable", { timeDomain: "threadTicks" });
const spent = async () => (await session.send("Performance.getMetrics")).metrics.find(metric => metric.name === "TaskDuration").value * 1000;
await page.locator("#para").scrollIntoViewIfNeeded();
const box = await page.locator("#para").boundingBox(), x = box.x + 64, costs = [];
await page.mouse.move(x, box.y + 36);
await page.mouse.down();
for (let step = 1; step <= 12; step++) {
  const before = await spent();
  await page.mouse.move(x, box.y + 36 + 8 * step);
  await page.evaluate(() => new Promise(done => requestAnimationFrame(() => setTimeout(done, 0))));
  costs.push((await spent()) - before);
}
costs.sort((a, b) => a - b);
console.log(`brush: ${Math.round(costs[6])} ms to filter and draw (median of 12; ${Math.round(costs[11])} at most)`);
await page.mouse.up();
await page.waitForTimeout(1000);
console.log(`${await page.evaluate(() => document.body.dataset.kept)} simulations kept`);
if (target) {
  const taken = await milliseconds(async () => {
    await page.setInputFiles("#file", target);
    await page.waitForFunction(() => document.body.dataset.target, null, { timeout: 60000 });
  });
  console.log(`target: compared and drawn in ${taken} ms`);
}
await browser.close();
