"""Small parts that panels are made of: labels, buttons, meters, faders, sparklines, banners."""
