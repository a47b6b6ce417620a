// The tint over what is repainted, and the outline, drawn for the present viewport in device pixels.
const overlay = $('.pp-overlay'), strokePad = document.createElement('canvas');
const TINT = [118, 75, 255], WHITE = [255, 255, 255], DARK = [20, 12, 48], OPACITY = 0.46;
const BOLD = 0.85, RIM = 1.9; // half widths of the outline's white and of its dark rim, CSS pixels
const EMPTY = { width: 1, height: 1, bits: new Uint8Array(1) };

const density = () => window.devicePixelRatio || 1;
const colour = ([r, g, b], alpha) => ((Math.round(alpha * 255) << 24) | (b << 16) | (g << 8) | r) >>> 0;

function sized(canvas) {
  for (const [side, span] of [['width', stage.clientWidth], ['height', stage.clientHeight]]) {
    const count = Math.max(1, Math.round(span * density()));
    if (canvas[side] !== count) canvas[side] = count;
    canvas.style[side] = `${count / density()}px`;
  }
  return canvas;
}

// A stroke without an answer is laid on the classes, and so looks as its answer will.
function strokeOn(classes, columns, rows, stroke) {
  const unit = density(), reach = (stroke.size * view.scale * unit) / 2, spots = [];
  for (let i = 0; i < stroke.line.length; i += 2) {
    const { x, y } = toStage(view, { x: stroke.line[i], y: stroke.line[i + 1] });
    spots.push([x * unit, y * unit]);
  }
  const [[left, right], [top, bottom]] = [columns, rows].map((count, side) => {
    const ends = spots.map((spot) => spot[side]);
    return [between(0, Math.floor(Math.min(...ends) - reach), count), between(0, Math.ceil(Math.max(...ends) + reach), count)];
  });
  if (right <= left || bottom <= top) return;
  Object.assign(strokePad, { width: right - left, height: bottom - top });
  const pen = strokePad.getContext('2d', { willReadFrequently: true });
  Object.assign(pen, { lineWidth: 2 * reach, lineCap: 'round', lineJoin: 'round' });
  [spots[0], ...spots].forEach(([x, y]) => pen.lineTo(x - left, y - top));
  pen.stroke();
  const { data } = pen.getImageData(0, 0, right - left, bottom - top), value = stroke.erase ? 1 : 2;
  for (let row = top, i = 3; row < bottom; row++) {
    for (let at = row * columns + left, end = at + right - left; at < end; at++, i += 4) {
      if (data[i] > 127 && classes[at]) classes[at] = value;
    }
  }
}

// With a feather the tint fades in.
function tintOn(out, classes, columns, rows, repainted) {
  const reach = (shown.feather || 0) * view.scale * density(), whole = colour(TINT, OPACITY);
  if (reach <= 1) {
    for (let i = 0; i < out.length; i++) out[i] = classes[i] === repainted ? whole : 0;
    return;
  }
  const shades = Uint32Array.from({ length: Math.ceil(3 * reach) + 2 }, (_, depth) => colour(TINT, OPACITY * Math.min(1, depth / 3 / reach)));
  const depth = depthsOf(classes, columns, rows, repainted), last = shades.length - 1;
  for (let row = 1, i = 0; row <= rows; row++) {
    for (let at = row * (columns + 2) + 1, end = at + columns; at < end; at++, i++) {
      out[i] = classes[i] === repainted ? shades[Math.min(last, depth[at])] : 0;
    }
  }
}

function over(below, rgb, alpha) {
  const kept = ((below >>> 24) / 255) * (1 - alpha), whole = alpha + kept;
  return colour(rgb.map((value, i) => Math.round((value * alpha + ((below >>> (8 * i)) & 255) * kept) / whole)), whole);
}

// Each place of the border leaves a disc; where discs meet the nearest counts.
function outlineOn(out, classes, columns) {
  const borders = bordersOf(classes, columns), slim = density() * (borders.length > 60000 ? 0.5 : 1);
  const bold = BOLD * slim, rim = RIM * slim, near = new Uint8Array(out.length), touched = [], disc = [], shades = [];
  const side = Math.ceil(rim);
  for (let y = -side; y <= side; y++) {
    for (let x = -side; x <= side; x++) {
      const away = Math.hypot(x, y), white = between(0, bold + 0.5 - away, 1), level = Math.round(255 - 20 * away);
      if (away >= rim + 0.5) continue;
      disc.push([x, y * columns, level]);
      shades[level] = [WHITE.map((part, i) => part * white + DARK[i] * (1 - white)), between(0, rim + 0.5 - away, 1) * (0.85 + 0.1 * white)];
    }
  }
  for (const place of borders) {
    const column = place % columns;
    for (const [x, y, level] of disc) {
      const at = place + x + y;
      if (!classes[at] || near[at] >= level || column + x < 0 || column + x >= columns) continue;
      if (!near[at]) touched.push(at);
      near[at] = level;
    }
  }
  for (const at of touched) out[at] = over(out[at], ...shades[near[at]]);
}

let sampled = { key: [] };

function sampledClasses(columns, rows) {
  const key = [mask, view, columns, rows];
  if (key.some((part, i) => part !== sampled.key[i])) sampled = { key, classes: classesOf(mask || EMPTY, columns, rows) };
  return sampled.classes;
}

function drawOverlay() {
  const { width, height } = sized(overlay), pen = overlay.getContext('2d');
  const waiting = strokes.map((item) => item.stroke).concat(gesture?.stroke || []);
  overlay.dataset.version = mask ? shown.version : '';
  if (!mask && !waiting.length) return pen.clearRect(0, 0, width, height);
  const classes = waiting.length ? sampledClasses(width, height).slice() : sampledClasses(width, height);
  waiting.forEach((stroke) => strokeOn(classes, width, height, stroke));
  const image = new ImageData(width, height), out = new Uint32Array(image.data.buffer);
  tintOn(out, classes, width, height, shown.region === 'subject' ? 2 : 1);
  outlineOn(out, classes, width);
  return pen.putImageData(image, 0, 0);
}
