"""Placements of sources and the compositor that makes one picture of them, in planar YUV."""
