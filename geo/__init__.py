"""Spatial algorithms on arrays and GeoDataFrames in metres; no store, no screen."""
