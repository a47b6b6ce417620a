// Draws the value of the result panel (see results.py), newest first, and tells the canvas which
// result to show. Sends 'show' {result}, 'further' {result} and 'reuse' {seed}.
const $ = (selector) => element.querySelector(selector);
const strip = $('.pp-strip'), trouble = $('.pp-trouble'), notes = $('.pp-notes');
let desk = '', told = 0, current = 0, newest = 0, items = [], listed = '', onCanvas = '', noted = '';

const item = (id) => items.find((one) => one.id === id);
const shown = () => item(current) || items[items.length - 1];
const nodeOf = (id) => [...strip.children].find((node) => node.dataset.id === String(id));

function put(node, words) {
  if (node.textContent !== words) node.textContent = words;
}

function thumb({ id, seed, thumb: { url } }) {
  const node = Object.assign(document.createElement('button'), { type: 'button', title: ppText('Result {n}, seed {seed}', { n: id, seed }) });
  node.dataset.id = id;
  node.setAttribute('role', 'radio');
  node.setAttribute('aria-label', node.title);
  node.append(Object.assign(new Image(), { src: url, alt: '', draggable: false }));
  return node;
}

// Nodes are kept: a value comes with every step of a repaint.
function drawStrip() {
  const key = `${desk} ${items.map((one) => one.id)}`;
  if (key !== listed) {
    if (!listed.startsWith(`${desk} `)) strip.replaceChildren();
    const ids = new Set(items.map((one) => String(one.id)));
    for (const node of [...strip.children]) if (!ids.has(node.dataset.id)) node.remove();
    for (const one of items) if (!nodeOf(one.id)) strip.prepend(thumb(one));
    listed = key;
  }
  for (const node of strip.children) {
    node.setAttribute('aria-checked', String(node.dataset.id === String(current)));
    node.tabIndex = node.dataset.id === String(shown().id) ? 0 : -1;
  }
}

function drawFacts() {
  const { file, name, seed, seconds, width, height, notes: said = [] } = shown();
  put($('.pp-meta'), ppText('Seed {seed} · {seconds} s · {width} × {height} pixels', { seed, seconds, width, height }));
  put($('.pp-back'), current ? ppText('Back to selection') : ppText('Show result'));
  Object.assign($('.pp-download'), { href: file.url, download: name });
  $('.pp-zip').hidden = items.length < 2;
  notes.hidden = !said.length;
  if (noted === said.join('\n')) return;
  noted = said.join('\n');
  notes.replaceChildren(...said.map((note) => Object.assign(document.createElement('li'), { textContent: ppText(note) })));
}

function draw() {
  $('.pp-result').hidden = !items.length;
  if (items.length) {
    drawStrip();
    drawFacts();
  }
  const one = item(current), key = one ? `${desk} ${current}` : '';
  if (key === onCanvas) return;
  onCanvas = key;
  const detail = one ? { id: one.id, url: one.file.url, before: one.before.url, width: one.width, height: one.height, notes: one.notes } : null;
  document.dispatchEvent(new CustomEvent('pp-result', { detail }));
}

function choose(id) {
  current = id;
  onCanvas = null; // whatever the canvas shows by now, it is told
  trouble.hidden = true;
  trigger('show', { result: id });
  draw();
}

// A picture must be seen without hunting for it, also on a phone.
function bringCanvas() {
  const stage = document.querySelector('#pp-canvas .pp-stage');
  if (!stage) return;
  const { top, bottom } = stage.getBoundingClientRect(), seen = Math.min(bottom, innerHeight) - Math.max(top, 0);
  if (seen >= 0.6 * Math.min(bottom - top, innerHeight)) return;
  const calm = matchMedia('(prefers-reduced-motion: reduce)').matches;
  stage.scrollIntoView({ behavior: calm ? 'auto' : 'smooth', block: 'start' });
}

function show() {
  const value = props.value || {}, other = (value.desk || '') !== desk;
  desk = value.desk || '';
  items = value.items || [];
  // What was on its way when the user chose repeats an older `current`: only a change counts.
  if (other || value.current !== told) current = value.current || 0;
  told = value.current;
  const last = items.length ? items[items.length - 1].id : 0, fresh = !other && last > newest;
  newest = last;
  if (fresh) current = last;
  if (!item(current)) current = 0;
  draw();
  if (!fresh) return;
  strip.scrollLeft = 0;
  requestAnimationFrame(bringCanvas);
}

strip.addEventListener('click', (event) => {
  const node = event.target.closest('button');
  if (!node) return;
  choose(Number(node.dataset.id));
  requestAnimationFrame(bringCanvas);
});
strip.addEventListener('keydown', (event) => {
  const nodes = [...strip.children], at = nodes.indexOf(event.target), end = nodes.length - 1;
  const to = { ArrowLeft: at - 1, ArrowUp: at - 1, ArrowRight: at + 1, ArrowDown: at + 1, Home: 0, End: end }[event.key];
  if (to === undefined || at < 0) return;
  event.preventDefault();
  event.stopPropagation(); // the canvas has arrow keys of its own
  const node = nodes[Math.min(end, Math.max(0, to))];
  choose(Number(node.dataset.id));
  node.focus();
});

async function zip() {
  $('.pp-zip').disabled = true;
  trouble.hidden = true;
  try {
    const { error, path, name } = await server.zip({ desk });
    if (error) throw new Error(error);
    const url = shown().file.url, start = url.slice(0, url.indexOf('file=') + 5);
    Object.assign(document.createElement('a'), { href: start + path.split('/').map(encodeURIComponent).join('/'), download: name }).click();
  } catch ({ message }) {
    trouble.textContent = ppText(message || 'The results could not be packed. Please try again.');
    trouble.hidden = false;
  }
  $('.pp-zip').disabled = false;
}

function onClosed() {
  if (!element.isConnected) document.removeEventListener('pp-result-closed', onClosed);
  else if (current) choose(0);
}

$('.pp-back').addEventListener('click', () => choose(current ? 0 : shown().id));
$('.pp-further').addEventListener('click', () => trigger('further', { result: shown().id }));
$('.pp-reuse').addEventListener('click', () => trigger('reuse', { seed: shown().seed }));
$('.pp-zip').addEventListener('click', zip);
document.addEventListener('pp-result-closed', onClosed);
ppTranslate(element);
watch('value', show);
show();
