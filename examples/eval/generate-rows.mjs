// Writes a dataset of any length to standard output, the same one every time:
//   node examples/eval/generate-rows.mjs [rows, default 2000] [csv | jsonl, default csv] > rows.csv

const rows = Number(process.argv[2] ?? 2000);
const format = process.argv[3] ?? 'csv';
if (!Number.isInteger(rows) || rows < 1 || !['csv', 'jsonl'].includes(format)) {
  process.stderr.write('usage: node generate-rows.mjs [rows] [csv|jsonl]\n');
  process.exitCode = 2;
} else {
  write();
}

function write() {
  const devices = ['kettle', 'toaster', 'blender', 'mixer', 'grill', 'juicer', 'scale', 'timer'];
  const facts = [
    (device, n) => [`How long is the warranty on the ${device} ${n}?`, `The ${device} ${n} has a warranty of ${2 + (n % 4)} years, counted from the day of delivery; keep the invoice as proof.`],
    (device, n) => [`What does the ${device} ${n} weigh?`, `The ${device} ${n} weighs ${1 + (n % 9)}.${n % 10} kg without packaging, and the parcel is about half a kilogram heavier.`],
    (device, n) => [`How do I clean the ${device} ${n}?`, `Unplug the ${device} ${n}, let it cool down for ${10 + (n % 20)} minutes and wipe it with a damp cloth; never put it into water.`],
  ];
  const noise = ['', ' Thank you for asking.', ' Please write to us if anything is unclear.', ' I hope this helps!'];
  const random = mulberry32(7);
  if (format === 'csv') process.stdout.write('id,category,prompt,expected_response,actual_output\n');
  for (let n = 1; n <= rows; n += 1) {
    const device = devices[n % devices.length];
    const [prompt, expected] = facts[n % facts.length](device, n);
    const answer = random() < 0.8 ? expected + noise[Math.floor(random() * noise.length)] : `Sorry, I have no details about the ${device} ${n}.`;
    const row = { id: `row-${n}`, category: device, prompt, expected_response: expected, actual_output: answer };
    process.stdout.write(format === 'jsonl' ? `${JSON.stringify(row)}\n` : `${Object.values(row).map(cell).join(',')}\n`);
  }
}

function cell(text) {
  return /[",\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** A small generator of random numbers that gives the same ones for the same seed. */
function mulberry32(seed) {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}
