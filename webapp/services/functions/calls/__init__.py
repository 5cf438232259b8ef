"""Calls that Egret makes by itself: by a function's schedule, or to notice that its calls fail."""
