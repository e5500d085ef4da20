// Sets the look that was chosen before anything is painted; a module would come too late for that.
try {
  const theme = localStorage.getItem('shoal.theme');
  if (theme === 'light' || theme === 'dark') document.documentElement.dataset.theme = theme;
} catch {
  // The browser keeps nothing, so nothing was chosen.
}
