"""H.264, H.265, AAC and Opus: registry, hardware probing, presets, rate control. Imports studio.media only."""
