// PointCanvas. Gets `element`, `props`, `trigger`, `upload`, `watch` from gradio; draws `props.value`
// (see canvas.py: view) and sends the events 'act' and 'open'.
const $ = (selector) => element.querySelector(selector);
const all = (selector) => [...element.querySelectorAll(selector)];
const root = $('.pp-root'), stage = $('.pp-stage'), frame = $('.pp-frame'), photo = $('.pp-photo');
const overlay = $('.pp-overlay'), marks = $('.pp-marks'), rubber = $('.pp-rubber');
const hint = $('.pp-hint'), candidates = $('.pp-candidates'), chooser = $('.pp-file');

const DRAG = 6; // CSS pixels a pointer moves before a click becomes a box
const SLOW = 300; // ms before the page says that it waits
const ENDED = 'This session has ended; open the photo again.';
const TINT = 'rgba(118, 75, 255, 0.46)', EDGE = 'rgba(255, 255, 255, 0.95)', EDGE_DARK = 'rgba(20, 12, 48, 0.9)';

let shown = { desk: '', version: -1, serial: -1, photo: null, points: [], box: null, thumbs: [] };
let mask = null; // the mask as a canvas with alpha, of the version shown
let maskUrl = '';
let sent = []; // events without an answer yet: {seq, point}
let counter = 0, openSeq = Infinity, tool = 'include', start = null, slow = false, opening = false, openTimer = 0, error = '';

// ---- sending

function act(action, fields = {}, point = null) {
  const seq = ++counter;
  sent.push({ seq, point });
  error = '';
  trigger('act', { action, desk: shown.desk, photo: shown.serial, seq, ...fields });
  setTimeout(() => { if (shown.pending || sent.some((s) => s.seq === seq)) { slow = true; drawHint(); } }, SLOW);
  drawMarks();
  drawHint();
}

async function open(file) {
  if (!file || opening) return;
  if (file.size > props.max_file_mb * 1e6) {
    error = `The file has ${Math.ceil(file.size / 1e6)} MB; a photo may have at most ${props.max_file_mb} MB.`;
    return drawHint();
  }
  setOpening(true);
  try {
    const { path } = await upload(file);
    openSeq = ++counter;
    openTimer = setTimeout(giveUp, props.open_seconds * 1000);
    trigger('open', { path, name: file.name, seq: openSeq });
  } catch (failure) {
    error = `The photo could not be sent. It may have at most ${props.max_file_mb} MB.`;
    setOpening(false);
  }
}

// An answer that comes later is shown all the same.
function giveUp() {
  error = 'The photo was not opened in time. Check that the program is running, and try again.';
  setOpening(false);
}

function setOpening(value) {
  clearTimeout(openTimer);
  opening = value;
  openSeq = Infinity;
  $('.pp-veil').hidden = !value;
  if (value) error = '';
  drawHint();
}

// ---- where a pointer is on the photo

function place(event) {
  const box = frame.getBoundingClientRect();
  const to = (at, from, length, count) => Math.min(count - 1, Math.max(0, Math.floor(((at - from) / length) * count)));
  return {
    x: to(event.clientX, box.left, box.width, shown.photo.width),
    y: to(event.clientY, box.top, box.height, shown.photo.height),
  };
}

frame.addEventListener('pointerdown', (event) => {
  if (!shown.photo || !event.isPrimary || event.button === 1) return;
  start = { x: event.clientX, y: event.clientY, at: place(event), button: event.button, box: null };
  start.draggable = event.button === 0 && (event.pointerType !== 'touch' || tool === 'box');
  if (start.draggable) frame.setPointerCapture(event.pointerId);
});

frame.addEventListener('pointermove', (event) => {
  if (!start || !start.draggable) return;
  if (!start.box && Math.hypot(event.clientX - start.x, event.clientY - start.y) < DRAG) return;
  const end = place(event), from = start.at;
  start.box = {
    x0: Math.min(from.x, end.x), y0: Math.min(from.y, end.y),
    x1: Math.max(from.x, end.x) + 1, y1: Math.max(from.y, end.y) + 1,
  };
  lay(rubber, [start.box.x0, start.box.y0, start.box.x1, start.box.y1]);
  rubber.hidden = false;
});

frame.addEventListener('pointerup', (event) => {
  if (!start) return;
  const { at, box, button } = start;
  forget();
  if (box) return act('box', box);
  const include = !(event.shiftKey || button === 2 || tool === 'exclude');
  act(include ? 'include' : 'exclude', at, [at.x, at.y, include ? 1 : 0]);
});

function forget() {
  start = null;
  rubber.hidden = true;
}

frame.addEventListener('pointercancel', forget);
frame.addEventListener('contextmenu', (event) => event.preventDefault());

// ---- drawing

function lay(node, [x0, y0, x1, y1]) {
  const { width, height } = shown.photo;
  node.style.left = `${(x0 / width) * 100}%`;
  node.style.top = `${(y0 / height) * 100}%`;
  node.style.width = `${((x1 - x0) / width) * 100}%`;
  node.style.height = `${((y1 - y0) / height) * 100}%`;
}

function pointNode([x, y, include], pending) {
  const node = document.createElement('span');
  node.className = `pp-point ${include ? 'pp-in' : 'pp-out'}${pending ? ' pp-pending' : ''}`;
  node.style.left = `${((x + 0.5) / shown.photo.width) * 100}%`;
  node.style.top = `${((y + 0.5) / shown.photo.height) * 100}%`;
  return node;
}

function drawMarks() {
  if (!shown.photo) return marks.replaceChildren();
  const nodes = shown.points.map((point) => pointNode(point, false));
  nodes.push(...sent.filter((s) => s.point).map((s) => pointNode(s.point, true)));
  if (shown.box) {
    const node = document.createElement('span');
    node.className = 'pp-box';
    lay(node, shown.box);
    nodes.unshift(node);
  }
  marks.replaceChildren(...nodes);
}

function sheet(width, height) {
  const canvas = document.createElement('canvas');
  canvas.width = Math.max(1, Math.round(width));
  canvas.height = Math.max(1, Math.round(height));
  return canvas;
}

async function picture(url) {
  const image = new Image();
  image.src = url;
  await image.decode();
  return image;
}

async function maskOf(url) {
  const image = await picture(url);
  const canvas = sheet(image.naturalWidth, image.naturalHeight);
  const pen = canvas.getContext('2d', { willReadFrequently: true });
  pen.drawImage(image, 0, 0);
  const pixels = pen.getImageData(0, 0, canvas.width, canvas.height);
  for (let i = 0; i < pixels.data.length; i += 4) pixels.data[i + 3] = pixels.data[i];
  pen.putImageData(pixels, 0, 0);
  return canvas;
}

function without(canvas, hole) {
  const pen = canvas.getContext('2d');
  pen.globalCompositeOperation = 'destination-out';
  pen.drawImage(hole, 0, 0, canvas.width, canvas.height);
  return canvas;
}

function coloured(canvas, colour, mode) {
  const pen = canvas.getContext('2d');
  pen.globalCompositeOperation = mode;
  pen.fillStyle = colour;
  pen.fillRect(0, 0, canvas.width, canvas.height);
  return canvas;
}

function ring(width, height, radius, colour) {
  const canvas = sheet(width, height), pen = canvas.getContext('2d');
  for (let i = 0; i < 12; i++) {
    const turn = (i / 12) * 2 * Math.PI;
    pen.drawImage(mask, Math.cos(turn) * radius, Math.sin(turn) * radius, width, height);
  }
  return without(coloured(canvas, colour, 'source-in'), mask);
}

function drawOverlay() {
  const scale = window.devicePixelRatio || 1;
  const width = Math.round(frame.clientWidth * scale), height = Math.round(frame.clientHeight * scale);
  if (!width || !height) return;
  overlay.width = width;
  overlay.height = height;
  overlay.dataset.version = mask ? shown.version : '';
  if (!mask) return;
  const pen = overlay.getContext('2d');
  const tint = sheet(width, height);
  if (shown.region === 'subject') {
    tint.getContext('2d').drawImage(mask, 0, 0, width, height);
    coloured(tint, TINT, 'source-in');
  } else {
    without(coloured(tint, TINT, 'source-over'), mask);
  }
  pen.drawImage(tint, 0, 0);
  pen.drawImage(ring(width, height, 2.6 * scale, EDGE_DARK), 0, 0);
  pen.drawImage(ring(width, height, 1.5 * scale, EDGE), 0, 0);
}

async function drawThumb(canvas, url) {
  const [cut] = await Promise.all([maskOf(url), photo.decode().catch(() => {})]);
  const pen = canvas.getContext('2d');
  pen.drawImage(photo, 0, 0, canvas.width, canvas.height);
  const shade = coloured(sheet(canvas.width, canvas.height), 'rgba(12, 10, 24, 0.78)', 'source-over');
  pen.drawImage(without(shade, cut), 0, 0);
}

function candidateNode(url, index) {
  const node = document.createElement('button');
  node.type = 'button';
  node.className = 'pp-candidate';
  const score = Math.round(100 * (shown.scores[index] || 0));
  node.setAttribute('aria-label', `Candidate ${index + 1} of ${shown.thumbs.length}, score ${score} percent`);
  const { width, height } = shown.photo, tall = 144;
  const canvas = sheet(Math.min(288, Math.max(72, (tall * width) / height)), tall);
  node.append(canvas);
  node.addEventListener('click', () => act('choose', { index }));
  drawThumb(canvas, url);
  return node;
}

let thumbsKey = '';
function drawCandidates() {
  const key = shown.serial + shown.thumbs.join();
  if (key !== thumbsKey) candidates.replaceChildren(...shown.thumbs.map(candidateNode));
  thumbsKey = key;
  candidates.hidden = shown.thumbs.length < 2;
  [...candidates.children].forEach((node, index) => node.setAttribute('aria-pressed', String(index === shown.chosen)));
}

const OTHERWISE = matchMedia('(pointer: coarse)').matches ? 'Take Exclude for' : 'Shift-click';
const HINTS = {
  include: `Click the subject. ${OTHERWISE} what does not belong.`,
  exclude: 'Click what does not belong to the subject.',
  box: 'Drag a box around the subject.',
};

function drawHint() {
  const waiting = slow && (sent.length > 0 || shown.pending);
  const region = shown.region === 'subject' ? 'subject' : 'background';
  const ready = shown.mask ? `The tinted ${region} will be repainted. ${OTHERWISE} what does not belong.` : HINTS[tool];
  const calm = opening ? 'Opening the photo' : waiting ? 'Selecting' : shown.photo ? ready : '';
  const said = error || shown.message || '';
  hint.textContent = waiting || opening ? calm : said || shown.note || calm;
  hint.classList.toggle('pp-error', Boolean(said) && !waiting && !opening);
  hint.classList.toggle('pp-busy', waiting || opening);
}

function drawTools() {
  root.dataset.tool = tool;
  all('.pp-tool').forEach((node) => {
    node.disabled = !shown.photo;
    node.setAttribute('aria-pressed', String(node.dataset.tool === tool));
  });
  const possible = { undo: shown.undo, redo: shown.redo, clear: shown.points.length || shown.box || shown.mask, close: shown.photo };
  all('.pp-act').forEach((node) => { node.disabled = !possible[node.dataset.action]; });
}

function drawPhoto() {
  const here = shown.photo;
  root.classList.toggle('pp-filled', Boolean(here));
  frame.hidden = !here;
  $('.pp-empty').hidden = Boolean(here);
  if (!here) return photo.removeAttribute('src');
  frame.style.setProperty('--ratio', here.width / here.height);
  frame.style.aspectRatio = `${here.width} / ${here.height}`;
  frame.setAttribute('aria-label', `The photo ${here.name}, ${here.width} by ${here.height} pixels. Click the subject.`);
  photo.alt = here.name;
  if (photo.getAttribute('src') !== here.file.url) photo.src = here.file.url;
}

let drawing = 0;
async function drawMask() {
  const url = shown.mask, version = shown.version;
  if (!url && shown.pending) return; // the last mask stays until the next is there
  if (url !== maskUrl) {
    drawing += 1;
    const next = url ? await maskOf(url).finally(() => { drawing -= 1; }) : (drawing -= 1, null);
    if (version !== shown.version) return;
    mask = next;
    maskUrl = url;
  }
  drawOverlay();
}

function isLate({ serial, version, pending }) {
  if (serial !== shown.serial) return serial < shown.serial;
  return version < shown.version || (version === shown.version && pending && !shown.pending);
}

function show() {
  const value = props.value;
  if (!value || typeof value !== 'object') return;
  sent = sent.filter((s) => s.seq > value.echo);
  const other = value.desk !== shown.desk;
  if (!other && isLate(value)) {
    drawMarks();
    return drawHint();
  }
  if (other || value.serial !== shown.serial) {
    error = other && shown.photo && !value.photo ? ENDED : '';
    mask = null;
    maskUrl = '';
    tool = 'include';
    sent = [];
  }
  shown = value;
  if (!sent.length && !shown.pending) slow = false;
  if (opening && value.echo >= openSeq) setOpening(false);
  drawPhoto();
  drawTools();
  drawMarks();
  drawMask();
  drawCandidates();
  drawHint();
}

// ---- tools, files, keys

all('.pp-tool').forEach((node) => node.addEventListener('click', () => {
  tool = node.dataset.tool;
  drawTools();
  drawHint();
}));
all('.pp-act').forEach((node) => node.addEventListener('click', () => act(node.dataset.action)));
all('.pp-open').forEach((node) => node.addEventListener('click', () => chooser.click()));
chooser.addEventListener('change', () => {
  open(chooser.files[0]);
  chooser.value = '';
});

// A file dropped anywhere is opened: left to itself the browser would show it in place of the page.
function onWindow(kind, listen) {
  const once = (event) => (element.isConnected ? listen(event) : window.removeEventListener(kind, once));
  window.addEventListener(kind, once);
}
const hasFile = ({ dataTransfer }) => Boolean(dataTransfer) && [...dataTransfer.types].includes('Files');

['dragenter', 'dragover'].forEach((kind) => onWindow(kind, (event) => {
  if (!hasFile(event)) return;
  event.preventDefault();
  root.classList.add('pp-drop');
}));
onWindow('dragleave', (event) => {
  if (!event.relatedTarget) root.classList.remove('pp-drop');
});
onWindow('drop', (event) => {
  root.classList.remove('pp-drop');
  if (!hasFile(event)) return;
  event.preventDefault();
  open(event.dataTransfer.files[0]);
});

function press(id) {
  const node = document.getElementById(id);
  if (node && node.offsetParent && !node.disabled) node.click();
  return Boolean(node);
}

function onKey(event) {
  if (!element.isConnected) return document.removeEventListener('keydown', onKey);
  const typing = event.target.closest && event.target.closest('input, textarea, select, [contenteditable]');
  const control = event.ctrlKey || event.metaKey, key = event.key.toLowerCase();
  if (key === 'escape') {
    if (start) forget();
    return press('pp-stop');
  }
  if (!control) return;
  if (key === 'enter') {
    event.preventDefault();
    return press('pp-repaint');
  }
  if (typing || !shown.photo || (key !== 'z' && key !== 'y')) return;
  event.preventDefault();
  act(key === 'y' || event.shiftKey ? 'redo' : 'undo');
}
document.addEventListener('keydown', onKey);

// What is drawn, for tests and for the curious.
root.ppState = () => ({
  ...shown,
  settled: !sent.length && !opening && !drawing && !shown.pending && (!shown.photo || (photo.complete && photo.naturalWidth > 0)),
});

new ResizeObserver(() => { if (shown.photo) drawOverlay(); }).observe(frame);
watch('value', show);
show();
