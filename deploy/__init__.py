"""How Egret is run behind nginx: see docs/operations.md."""
