"""Icons, fonts, styles, translations and the web pages."""
