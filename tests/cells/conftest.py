"""Helper modules of this folder can be imported from the folders below it, too."""
