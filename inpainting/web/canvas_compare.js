// A result in place of the selection, before and after side by side, and what a repaint looks like so
// far; result.js and progress.js tell which.
const after = $('.pp-now'), divider = $('.pp-divider'), slider = $('.pp-slide-at'), holder = $('.pp-hold');
let latest = null; // the result that R shows again

function source(image, url) {
  if (!url) image.removeAttribute('src');
  else if (image.getAttribute('src') !== url) image.src = url;
}

function showResult(detail) {
  if (detail && detail.id !== compare?.id) slider.value = 50;
  compare = detail;
  latest = detail || latest;
  source($('.pp-was'), detail?.before);
  source(after, detail?.url);
  root.classList.toggle('pp-comparing', Boolean(compare));
  forgetHover();
  drawPhoto();
  drawTools();
}

const ends = () => [Math.max(0, view.x), Math.min(stage.clientWidth, view.x + compare.width * view.scale)];

function drawDivider() {
  if (!compare) return;
  const [left, right] = ends(), x = left + ((right - left) * slider.value) / 100;
  shift(divider, { x, y: 0 });
  after.style.clipPath = `inset(0 0 0 ${(x - view.x) / view.scale}px)`;
}

on(divider, 'pointerdown', (event) => {
  event.stopPropagation();
  divider.setPointerCapture(event.pointerId);
});
on(divider, 'pointermove', (event) => {
  if (!divider.hasPointerCapture(event.pointerId)) return;
  const [left, right] = ends();
  slider.value = ((spotOf(event).x - left) / (right - left)) * 100;
  drawDivider();
});
on(slider, 'input', drawDivider);

function backToSelection() {
  if (!compare) return;
  showResult(null);
  document.dispatchEvent(new CustomEvent('pp-result-closed'));
}

function toggleResult() {
  if (compare || !latest) return backToSelection();
  act('show', { result: latest.id });
  return showResult(latest);
}

const holdOriginal = (held) => root.classList.toggle('pp-original', held);
on(holder, 'pointerdown', () => holdOriginal(true));
on(holder, 'pointerup pointerleave pointercancel', () => holdOriginal(false));
on($('.pp-back'), 'click', backToSelection);

onWide(document, 'pp-result', ({ detail }) => showResult(detail));
onWide(document, 'pp-preview', ({ detail }) => {
  if (!detail !== !glimpse) root.classList.toggle('pp-glimpsing', Boolean(detail));
  glimpse = detail || '';
  source($('.pp-glimpse'), glimpse);
});
