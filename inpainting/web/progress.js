// Draws the value of the progress card (see progress.py).
const card = element.querySelector('.pp-progress'), line = element.querySelector('.pp-line');
const bar = element.querySelector('.pp-bar'), preview = element.querySelector('.pp-preview');

function show() {
  const { state = 'idle', text = '', step = 0, total = 0, run = 0, preview: url = '' } = props.value || {};
  card.hidden = state === 'idle';
  card.dataset.state = state;
  if (run) card.dataset.run = run;
  line.textContent = text;
  line.setAttribute('role', state === 'failed' ? 'alert' : 'status');
  bar.hidden = state !== 'painting';
  const share = total ? Math.round((100 * step) / total) : 0;
  bar.classList.toggle('pp-endless', !total);
  bar.setAttribute('aria-valuenow', String(share));
  bar.firstElementChild.style.width = total ? `${share}%` : '';
  preview.hidden = !url;
  if (url) preview.src = url;
}
watch('value', show);
show();
