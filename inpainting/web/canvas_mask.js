// Masks as the server sends them, and sampled for the screen: one class a device pixel, 0 beside the
// photo, else 1 + the mask's value. Only what is on the screen is read, however large the photo.

async function unpack({ width, height, data }) {
  const packed = Uint8Array.from(atob(data), (letter) => letter.charCodeAt(0));
  const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream('deflate'));
  return { width, height, bits: new Uint8Array(await new Response(stream).arrayBuffer()) };
}

function samples(count, origin, unit, length) {
  return Int32Array.from({ length: count }, (_, i) => {
    const at = Math.floor(((i + 0.5) / density() - origin) * unit);
    return at >= 0 && at < length ? at : -1;
  });
}

function readLine(line, { bits, labels }, start, across) {
  for (let i = 0; i < across.length; i++) {
    if (across[i] < 0) continue;
    const at = start + across[i];
    line[i] = 1 + (labels ? labels[at] : (bits[at >> 3] >> (7 - (at & 7))) & 1);
  }
}

function classesOf(mask, columns, rows) {
  const { width, height } = size(), classes = new Uint8Array(columns * rows);
  const across = samples(columns, view.x, mask.width / width / view.scale, mask.width);
  const down = samples(rows, view.y, mask.height / height / view.scale, mask.height);
  for (let row = 0, from = 0; row < rows; row++, from += columns) {
    if (down[row] < 0) continue;
    if (row && down[row] === down[row - 1]) classes.copyWithin(from, from - columns, from);
    else readLine(classes.subarray(from, from + columns), mask, down[row] * mask.width, across);
  }
  return classes;
}

function bordersOf(classes, columns) {
  const found = [], last = columns - 1;
  for (let i = 0, column = 0; i < classes.length; i++) {
    const here = classes[i], right = column < last ? classes[i + 1] : 0, below = classes[i + columns];
    if (here && ((right && right !== here) || (below && below !== here))) found.push(i);
    column = column < last ? column + 1 : 0;
  }
  return found;
}

// How deep each place lies inside a class, in thirds of a pixel (two passes of a 3-4 chamfer), in a
// map with a rim of one.
function depthsOf(classes, columns, rows, inside) {
  const wide = columns + 2, depth = new Uint16Array(wide * (rows + 2)).fill(60000);
  for (let row = 1, i = 0; row <= rows; row++) {
    for (let at = row * wide + 1, end = at + columns; at < end; at++, i++) if (classes[i] && classes[i] !== inside) depth[at] = 0;
  }
  const sweep = (side, first) => {
    for (let n = wide * rows, i = first; n > 0; n--, i += side) {
      const up = i - side * wide, here = depth[i];
      if (here) depth[i] = Math.min(here, depth[i - side] + 3, depth[up] + 3, depth[up - side] + 4, depth[up + side] + 4);
    }
  };
  sweep(1, wide + 1);
  sweep(-1, wide * (rows + 1) - 2);
  return depth;
}
