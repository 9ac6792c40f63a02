// The theme that was chosen on this machine; without one, the system's applies (styles/tokens.css).
try {
  const theme = localStorage.getItem('laurel-theme');
  if (theme === 'light' || theme === 'dark') document.documentElement.dataset.theme = theme;
} catch {
  // Storage may be switched off: then the system's theme stays.
}
