// Sends the event 'example' {index} when a picture is pressed.
element.addEventListener('click', (event) => {
  const button = event.target.closest('button[data-index]');
  if (button) trigger('example', { index: Number(button.dataset.index) });
});
