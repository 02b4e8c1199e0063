"""The program's picture in the window, and placing sources on it by hand."""
