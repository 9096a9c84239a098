// The packed data of the page: base64, gzip, bytes of equal weight together, differences.

const byId = id => document.getElementById(id);
const META = JSON.parse(byId("meta").textContent);
const N = META.n;
/** Values whose bytes are kept together; as in `pack.rs`. */
const BLOCK = 65536;

async function unpack(id) {
  const element = byId("blob-" + id);
  if (!element) return new Uint8Array(0);
  const text = atob(element.textContent);
  element.remove();
  const bytes = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i);
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

/** Bytes of numbers of `width` bytes back in their places. */
function unshuffle(bytes, width) {
  const n = bytes.length / width, result = new Uint8Array(bytes.length);
  for (let start = 0; start < n; start += BLOCK) {
    const length = Math.min(BLOCK, n - start), from = start * width;
    for (let w = 0; w < width; w++) {
      for (let i = 0; i < length; i++) result[(start + i) * width + w] = bytes[from + w * length + i];
    }
  }
  return result.buffer;
}

/** Row → place among the rows of which something is stored, or -1. */
function slotsOf(rows) {
  const slots = new Int32Array(N).fill(-1);
  rows.forEach((row, slot) => { slots[row] = slot; });
  return slots;
}

/** Series of 16-bit differences, summed up in place. */
function undelta(values, length) {
  for (let start = 0; start < values.length; start += length) {
    for (let k = start + 1; k < start + length; k++) values[k] += values[k - 1];
  }
  return values;
}

/** Everything, unpacked. */
async function load() {
  const columns = new Float64Array(unshuffle(await unpack("columns"), 8));
  const data = { columns: META.columns.map((column, k) => finish({ ...column, values: columns.subarray(k * N, (k + 1) * N) })) };
  data.sims = new Uint32Array(unshuffle(await unpack("sims"), 4));
  data.states = await unpack("states");
  data.waves = undelta(new Int16Array(unshuffle(await unpack("waves"), 2)), META.samples || 1);
  data.waveScale = new Float32Array(unshuffle(await unpack("wave_scale"), 4));
  data.waveSlot = slotsOf(new Uint32Array(unshuffle(await unpack("wave_rows"), 4)));
  data.spikeSlot = slotsOf(new Uint32Array(unshuffle(await unpack("spike_rows"), 4)));
  const counts = new Uint32Array(unshuffle(await unpack("spike_counts"), 4));
  data.spikeStart = new Uint32Array(counts.length + 1);
  counts.forEach((count, i) => { data.spikeStart[i + 1] = data.spikeStart[i] + count; });
  data.spikeTimes = new Uint32Array(unshuffle(await unpack("spike_times"), 4));
  for (let i = 0; i < counts.length; i++) {
    for (let k = data.spikeStart[i] + 1; k < data.spikeStart[i + 1]; k++) data.spikeTimes[k] += data.spikeTimes[k - 1];
  }
  data.spikeGids = new Uint32Array(unshuffle(await unpack("spike_gids"), 4));
  data.lfp = undelta(new Int16Array(unshuffle(await unpack("lfp"), 2)), META.lfp ? META.lfp.samples : 1);
  data.lfpScale = new Float32Array(unshuffle(await unpack("lfp_scale"), 4));
  data.lfpSlot = slotsOf(new Uint32Array(unshuffle(await unpack("lfp_rows"), 4)));
  return data;
}

/** A column with its scale, its levels, and how a value of it is written. */
function finish(column) {
  column.scale = scaleOf(column.values, column.log);
  column.title = column.unit ? `${column.name} (${column.unit})` : column.name;
  column.text = value => (column.texts ? column.texts[value] ?? "–" : label(value));
  const levels = new Set();
  for (const value of column.values) {
    if (Number.isFinite(value)) levels.add(value === 0 ? 0 : value);
    if (levels.size > 64) break;
  }
  column.levels = levels.size <= 64 ? [...levels].sort((a, b) => a - b) : null;
  // Colours of statistics leave out the outermost hundredths, so that one stray simulation does not flatten the rest.
  column.colours = column.scale;
  if (!column.parameter && !column.levels) {
    const sorted = Float64Array.from(column.values).filter(Number.isFinite).sort(), at = share => sorted[Math.round(share * (sorted.length - 1))];
    if (sorted.length > 1000 && at(0.99) > at(0.01)) column.colours = makeScale(at(0.01), at(0.99), false);
  }
  return column;
}
