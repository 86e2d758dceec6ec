"""A demo city from a seed: 云江市, at the size of the reports, with the truth and boundaries as drawn."""

from data.demo.assemble import DemoCity, build
from data.demo.figures import Scale

__all__ = ["DemoCity", "Scale", "build"]
