// A result or a preview in place of the selection.
const after = $('.pp-now'), slider = $('.pp-slide-at');

function source(image, url) {
	if (!url) image.removeAttribute('src');
	else if (image.getAttribute('src') !== url) image.src = url;
}

function showResult(result) {
	if (result && result.id !== compare?.id) slider.value = 50;
	compare = result;
	source($('.pp-was'), result?.before.url);
	source(after, result?.file.url);
	root.classList.toggle('pp-comparing', Boolean(compare));
	forgetHover();
	drawPhoto();
	drawTools();
}

function drawDivider() {
	if (!compare) return;
	const left = Math.max(0, view.x), span = Math.min(stage.clientWidth, view.x + compare.width * view.scale) - left;
	Object.assign(slider.style, { left: `${left}px`, width: `${span + 44}px` });
	after.style.clipPath = `inset(0 0 0 ${(left + (span * slider.value) / 100 - view.x) / view.scale}px)`;
}

on(slider, 'input', drawDivider);

function backToSelection() {
	if (compare) document.dispatchEvent(new CustomEvent('pp-result-closed'));
}

onWide(document, 'pp-result', ({ detail }) => showResult(detail));
onWide(document, 'pp-preview', ({ detail }) => {
	if (!detail !== !glimpse) root.classList.toggle('pp-glimpsing', Boolean(detail));
	glimpse = detail || '';
	source($('.pp-glimpse'), glimpse);
});
