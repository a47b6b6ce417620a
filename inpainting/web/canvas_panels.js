// Below the photo: candidates, the edges of the mask, and the parts.
const candidates = $('.pp-candidates'), partList = $('.pp-list'), edgeInputs = all('[data-edge]');
const CURVE = { fill: 512, specks: 512, feather: 256 }; // sliders that are finer near 0, and their ends
const EDGES_REST = 120; // ms
let edgesTimer = 0, feather = null, thumbsKey = '', partsKey = '';

function drawCandidates() {
  const key = shown.serial + shown.thumbs.join();
  if (key !== thumbsKey) candidates.replaceChildren(...shown.thumbs.map(candidateNode));
  thumbsKey = key;
  candidates.hidden = shown.thumbs.length < 2;
  [...candidates.children].forEach((node, index) => pressed(node, index === shown.chosen));
}

// The small mask darkens all but the subject (it is multiplied, see canvas.css).
function candidateNode(url, index) {
  const node = Object.assign(document.createElement('button'), { type: 'button', className: 'pp-candidate' });
  const values = { n: index + 1, count: shown.thumbs.length, score: Math.round(100 * (shown.scores[index] || 0)) };
  node.ariaLabel = say('Candidate {n} of {count}, score {score} percent', values);
  node.style.aspectRatio = shown.photo.width / shown.photo.height;
  node.append(...[shown.photo.file.url, url].map((src) => Object.assign(new Image(), { src, alt: '' })));
  on(node, 'click', () => act('choose', { index }));
  return node;
}

function edgeOf({ value, dataset: { edge } }) {
  return CURVE[edge] ? Math.round((value / 100) ** 2 * CURVE[edge]) : Number(value);
}

function tellEdge(node, n, auto) {
  node.nextElementSibling.textContent = node.ariaValueText = say(auto ? 'auto, {n} px' : '{n} px', { n });
}

function drawEdges() {
  if (edgesTimer || sent.some((item) => item.action === 'edges')) return;
  feather = shown.edges.feather ?? null;
  for (const node of edgeInputs) {
    const { edge } = node.dataset, auto = edge === 'feather' && feather === null, value = auto ? shown.feather : shown.edges[edge];
    node.value = CURVE[edge] ? Math.sqrt(value / CURVE[edge]) * 100 : value;
    tellEdge(node, value || 0, auto);
  }
}

// Only the newest value goes.
function sendEdges() {
  clearTimeout(edgesTimer);
  edgesTimer = setTimeout(() => {
    edgesTimer = 0;
    act('edges', { ...Object.fromEntries(edgeInputs.map((node) => [node.dataset.edge, edgeOf(node)])), feather });
  }, EDGES_REST);
}

edgeInputs.forEach((node) => on(node, 'input', () => {
  if (node.dataset.edge === 'feather') feather = edgeOf(node);
  tellEdge(node, edgeOf(node));
  sendEdges();
}));
on($('.pp-auto'), 'click', () => {
  feather = null;
  sendEdges();
});

function aboutPart({ points, box, strokes: drawn, given, pending }) {
  const facts = [pending && 'Selecting', points && (points > 1 ? '{points} points' : 'a point'), box && 'a box', drawn && (drawn > 1 ? '{drawn} strokes' : 'a stroke'), given && 'ready-made'];
  return facts.filter(Boolean).map((text) => say(text, { points, drawn })).join(', ') || say('empty');
}

function partNode(part, index) {
  const node = $('.pp-part-form').content.firstElementChild.cloneNode(true), { key } = part;
  const [eye, pick, op, drop] = node.children, name = say('Part {n}', { n: index + 1 });
  window.ppTranslate(node);
  [eye, op, drop].forEach((each) => { each.ariaLabel = `${name}: ${each.ariaLabel}`; });
  [pick.firstChild.textContent, pick.lastChild.textContent, op.value] = [name, aboutPart(part), part.op];
  pressed(pick, index === shown.active);
  pressed(eye, part.shown);
  on(pick, 'click', () => act('part-pick', { key }));
  on(eye, 'click', () => act('part-show', { key, shown: !part.shown }));
  on(op, 'change', () => act('part-op', { key, op: op.value }));
  on(drop, 'click', () => act('part-delete', { key }));
  return node;
}

function drawParts() {
  const { parts, active, serial } = shown, key = JSON.stringify([serial, active, parts]);
  if (key === partsKey) return;
  partsKey = key;
  if (parts.length > Math.max(1, partList.children.length)) $('.pp-parts').open = true;
  $('.pp-parts b').textContent = parts.length > 1 ? parts.length : '';
  partList.replaceChildren(...parts.map(partNode));
}

all('[data-op]').forEach((node) => on(node, 'click', () => act('part-new', { op: node.dataset.op })));
