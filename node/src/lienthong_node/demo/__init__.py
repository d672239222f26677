"""The main job in one go: a real node, four organisations, one document's whole life, its proof."""
