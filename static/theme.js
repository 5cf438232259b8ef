// A classic script in <head>: the theme is set before the first paint, so no page flashes.
const theme = localStorage.getItem("theme");
if (theme) document.documentElement.dataset.theme = theme;
