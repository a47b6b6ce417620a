// What a click would give: the subject under a resting pointer, or one of all segments.
const live = $('.pp-live'), HOVER_REST = 60; // ms between two questions
let hovered = null, asking = false, wanted = null, lastSpot = null;

function forgetHover() {
  wanted = null;
  if (hovered) redraw();
  hovered = null;
}

const mayHover = () => wanted && shown.can.hover && tool === 'include' && !segments && !compare && !glimpse && !gesture && !sent.length && !shown.pending;

function hoverAt(spot) {
  wanted = isInside(spot) && pointAt(spot, false, true) < 0 ? pixelAt(spot) : null;
  if (!mayHover()) forgetHover();
  else if (!asking) askHover();
}

// One question at a time; an answer that comes too late is dropped.
async function askHover() {
  const at = wanted, { version, serial, desk } = shown;
  asking = true;
  const answer = await server.hover({ desk, photo: serial, ...at }).catch(() => null);
  if (answer?.mask && mayHover() && version === shown.version && serial === shown.serial) {
    hovered = await unpack(answer.mask);
    drawLive();
  }
  setTimeout(() => {
    asking = false;
    if (answer?.mask && mayHover() && (wanted.x !== at.x || wanted.y !== at.y)) askHover();
  }, HOVER_REST);
}

async function toggleSegments(begin = !segments) {
  segments = null;
  if (begin && shown.can.everything && shown.photo) {
    backToSelection();
    slow = asking = true;
    drawHint();
    const answer = await ask('everything').catch(() => null);
    slow = asking = false;
    if (answer) await takeLabels(answer.labels);
  }
  drawTools();
  redraw();
}

async function takeLabels(url) {
  const image = new Image(), canvas = document.createElement('canvas');
  image.src = url;
  await image.decode();
  const { naturalWidth: width, naturalHeight: height } = image;
  Object.assign(canvas, { width, height });
  const pen = canvas.getContext('2d');
  pen.drawImage(image, 0, 0);
  segments = { width, height, under: 0, labels: pen.getImageData(0, 0, width, height).data.filter((_, i) => i % 4 === 0) };
}

function segmentAt(spot) {
  if (!isInside(spot)) return 0;
  const { x, y } = toPhoto(view, spot), { width, height, labels } = segments;
  return labels[Math.floor((y / size().height) * height) * width + Math.floor((x / size().width) * width)];
}

function light(spot) {
  const under = segmentAt(spot);
  if (under !== segments.under) redraw();
  segments.under = under;
}

function drawLive() {
  const { width, height } = sized(live), pen = live.getContext('2d'), source = segments || hovered;
  if (!source) return pen.clearRect(0, 0, width, height);
  const classes = classesOf(source, width, height), image = new ImageData(width, height);
  const out = new Uint32Array(image.data.buffer), tint = colour(TINT, 0.5), dash = Math.round(4 * density());
  if (segments?.under) classes.forEach((here, i) => { if (here === segments.under + 1) out[i] = tint; });
  const pale = colour(WHITE, 0.92), dark = colour(DARK, segments ? 0.45 : 0.8);
  for (const at of bordersOf(classes, width)) {
    const even = Math.floor(((at % width) + Math.floor(at / width)) / dash) % 2;
    out[at] = segments || even ? pale : dark;
    out[at + 1] = out[at + width] = segments || !even ? dark : pale;
  }
  return pen.putImageData(image, 0, 0);
}
