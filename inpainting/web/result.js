// Draws the value of the result panel (see results.py) and sends the event 'reuse' {seed}.
const $ = (selector) => element.querySelector(selector);
const panel = $('.pp-result'), strip = $('.pp-strip'), slider = $('.pp-slider');
let value = {}, index = 0, run = 0;

function slide() {
  $('.pp-compare').style.setProperty('--at', `${slider.value}%`);
}

function variation(item, at) {
  const node = document.createElement('button');
  node.type = 'button';
  node.setAttribute('aria-label', `Variation ${at + 1}, seed ${item.seed}`);
  const image = new Image();
  image.src = item.file.url;
  image.alt = '';
  node.append(image);
  node.addEventListener('click', () => { index = at; draw(); });
  return node;
}

function draw() {
  const items = value.items || [];
  panel.hidden = !items.length;
  if (!items.length) return;
  index = Math.min(index, items.length - 1);
  const item = items[index];
  const compare = $('.pp-compare');
  compare.style.aspectRatio = `${item.width} / ${item.height}`;
  compare.style.setProperty('--ratio', item.width / item.height);
  $('.pp-after').src = item.file.url;
  $('.pp-before img').src = value.before.url;
  $('.pp-meta').textContent = `Seed ${item.seed} · ${item.seconds} s · ${item.width} × ${item.height} pixels`;
  const link = $('.pp-download');
  link.href = item.file.url;
  link.download = item.name;
  strip.hidden = items.length < 2;
  strip.replaceChildren(...items.map(variation));
  [...strip.children].forEach((node, at) => node.setAttribute('aria-pressed', String(at === index)));
  const notes = $('.pp-notes');
  notes.hidden = !item.notes.length;
  notes.replaceChildren(...item.notes.map((note) => Object.assign(document.createElement('li'), { textContent: note })));
}

function show() {
  value = props.value || {};
  const fresh = value.run && value.run !== run;
  run = value.run || 0;
  if (fresh) {
    index = 0;
    slider.value = 50;
    slide();
  }
  draw();
  if (fresh && value.items.length) requestAnimationFrame(() => panel.scrollIntoView({ behavior: 'smooth', block: 'nearest' }));
}

slider.addEventListener('input', slide);
$('.pp-reuse').addEventListener('click', () => trigger('reuse', { seed: value.items[index].seed }));
watch('value', show);
slide();
show();
