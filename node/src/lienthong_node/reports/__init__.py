"""Reports of a node: a derived file of counts, and the forms that are printed from it."""
