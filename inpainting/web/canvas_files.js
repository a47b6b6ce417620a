// Files in and out: a photo or a mask that is chosen or dropped, the mask and the cut-out to keep.
const chooser = $('.pp-file'), maskChooser = $('.pp-mask-file');
let openSeq = 0, openTimer = 0; // the photo on its way: -1 while it is sent

async function sentFile(file) {
  const n = Math.ceil(file.size / 1e6), limit = props.max_file_mb;
  if (file.size > limit * 1e6) return fail('The file has {n} MB; a photo may have at most {limit} MB.', { n, limit });
  try {
    return (await upload(file)).path;
  } catch {
    return fail('The photo could not be sent. It may have at most {limit} MB.', { limit });
  }
}

async function open(file) {
  if (!file || openSeq) return;
  setOpening(-1);
  const path = await sentFile(file);
  setOpening(path ? ++counter : 0);
  if (!path) return;
  openTimer = setTimeout(giveUp, props.open_seconds * 1000);
  trigger('open', { path, name: file.name, seq: openSeq });
}

async function openMask(file) {
  const { desk, serial } = shown, path = file && (await sentFile(file)), seq = ++counter;
  if (!path || serial !== shown.serial) return;
  sent.push({ seq, action: 'mask' });
  trigger('mask', { path, name: file.name, desk, photo: serial, seq });
}

// An answer that comes later is shown all the same.
function giveUp() {
  setOpening(0);
  fail('The photo was not opened in time. Check that the program is running, and try again.');
}

function setOpening(seq) {
  clearTimeout(openTimer);
  openSeq = seq;
  $('.pp-veil').hidden = !seq;
  if (seq) error = '';
  drawHint();
}

async function keep(what) {
  const file = await ask('fetch', { what }), { url } = shown.photo.file;
  if (!file) return;
  const href = url.slice(0, url.indexOf('file=') + 5) + encodeURI(file.path);
  Object.assign(document.createElement('a'), { href, download: file.name }).click();
}

[[chooser, open], [maskChooser, openMask]].forEach(([input, use]) => on(input, 'change', () => {
  use(input.files[0]);
  input.value = '';
}));
all('.pp-open').forEach((node) => on(node, 'click', () => chooser.click()));

// A file dropped anywhere is opened: left to itself the browser would show it in place of the page.
onWide(window, 'dragenter dragover dragleave drop', (event) => {
  const { type, dataTransfer, relatedTarget } = event;
  if (type === 'dragleave') return relatedTarget || root.classList.remove('pp-drop');
  if (!dataTransfer?.types.includes('Files')) return null;
  event.preventDefault();
  root.classList.toggle('pp-drop', type !== 'drop');
  return type === 'drop' && open(dataTransfer.files[0]);
});
