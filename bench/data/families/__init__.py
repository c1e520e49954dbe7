"""Code that several data sets share, one file per family: readers, features and descriptions."""
