// Files in and out.
let openSeq = 0, openTimer = 0; // the file on its way: -1 while it is sent

async function open(kind, file) { // 'open' or 'mask'
	if (!file || openSeq) return;
	const { desk, serial } = shown, limit = props.max_file_mb;
	setOpening(-1);
	const arrived = file.size <= limit * 1e6 && (await upload(file).catch(() => null));
	setOpening(arrived ? ++counter : 0);
	if (arrived) trigger(kind, { path: arrived.path, name: file.name, desk, photo: serial, seq: openSeq });
	else fail('The file could not be sent. It may have at most {limit} MB.', { limit });
}

function setOpening(seq) {
	clearTimeout(openTimer);
	if (seq > 0) openTimer = setTimeout(giveUp, props.open_seconds * 1000);
	openSeq = seq;
	$('.pp-veil').hidden = !seq;
	if (seq) error = '';
	drawHint();
}

function giveUp() {
	setOpening(0);
	fail('The file was not opened in time. Check that the program is running, and try again.');
}

on(root, 'change', ({ target }) => {
	if (target.type !== 'file') return;
	open(target.name, target.files[0]);
	target.value = '';
});

onWide(window, 'dragover dragleave drop', (event) => {
	const { type, dataTransfer } = event;
	if (!dataTransfer.types.includes('Files')) return;
	event.preventDefault();
	flag('pp-drop', type === 'dragover');
	if (type === 'drop') open('open', dataTransfer.files[0]);
});

async function keep(what) {
	const file = await ask('fetch', { what }), [beside] = document.querySelector('[src*="file="]').src.split('file=');
	if (file) Object.assign(document.createElement('a'), { href: `${beside}file=${encodeURI(file.path)}`, download: file.name }).click();
}
