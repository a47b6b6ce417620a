// The toolbar and the sentence below the photo.
const hint = $('.pp-hint'), menu = $('.pp-menu');
const HINTS = {
  include: 'Click the subject. Shift-click what does not belong.',
  exclude: 'Click what does not belong to the subject.',
  box: 'Drag a box around the subject.',
  brush: 'Paint over what belongs to the subject.',
  eraser: 'Wipe over what does not belong to the subject.',
  hand: 'Drag the photo; the wheel or two fingers zoom.',
};
if (matchMedia('(pointer: coarse)').matches) HINTS.include = 'Tap the subject. Take Exclude for what does not belong.';

function calmHint() {
  if (!size()) return '';
  if (segments) return 'Click a segment to take it; Esc leaves.';
  if (compare) return 'Drag the line to compare before and after.';
  if (!shown.mask || (tool !== 'include' && tool !== 'exclude')) return HINTS[tool];
  return shown.region === 'subject' ? 'The tinted subject will be repainted.' : 'The tinted background will be repainted.';
}

function drawHint() {
  const waiting = slow && (sent.length || shown.pending || asking), busy = Boolean(openSeq || waiting), said = error || shown.message;
  const text = openSeq ? 'Opening the photo' : waiting ? 'Selecting' : said || shown.note || calmHint();
  hint.textContent = text && say(text);
  hint.classList.toggle('pp-error', Boolean(said) && !busy);
  hint.classList.toggle('pp-busy', busy);
}

function setTool(name) {
  forget();
  tool = name;
  segments = null;
  backToSelection();
  forgetHover();
  drawRing(lastSpot);
  drawTools();
}

function setBrush(value, step = value < brush ? Math.floor(value) : Math.ceil(value)) {
  brush = between(1, step, 2000);
  $('.pp-brush').value = (Math.log(brush) / Math.log(2000)) * 100;
  $('.pp-size output').textContent = say('{n} px', { n: brush });
  drawRing(lastSpot || middle());
}

on($('.pp-brush'), 'input', ({ target }) => setBrush(0, Math.round(2000 ** (target.value / 100))));

function drawTools() {
  const { photo: here, can, undo, redo, points, box, parts, mask: some } = shown;
  root.dataset.mode = tool;
  root.classList.toggle('pp-picking', Boolean(segments));
  all('.pp-tool').forEach((node) => {
    node.disabled = !here;
    pressed(node, node.dataset.tool === tool && !segments);
  });
  const clear = points.length || box || some || parts.length > 1, possible = { undo, redo, clear, close: here, mask: here, 'fetch-mask': some, 'fetch-cutout': some, subject: here && can.subject, everything: here && can.everything };
  Object.entries(possible).forEach(([action, value]) => { $(`[data-action="${action}"]`).disabled = !value; });
  pressed($('[data-action="everything"]'), segments);
  drawHint();
}

const ACTIONS = {
  mask: () => maskChooser.click(), 'fetch-mask': () => keep('mask'), 'fetch-cutout': () => keep('cutout'), everything: () => toggleSegments(),
  'zoom-in': () => zoomTo(view.scale * 1.5), 'zoom-out': () => zoomTo(view.scale / 1.5), whole: () => zoomTo(1), fit, full: toggleFull, help: () => help.showModal(),
};
all('[data-action]').forEach((node) => on(node, 'click', () => {
  const { action } = node.dataset;
  (ACTIONS[action] || act)(action);
}));
all('.pp-tool').forEach((node) => on(node, 'click', () => setTool(node.dataset.tool)));
onWide(window, 'click', ({ target }) => menu.contains(target) && !target.closest('button') ? null : (menu.open = false));
