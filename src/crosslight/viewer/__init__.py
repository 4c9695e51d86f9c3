"""The local viewer: photographs dropped into a page of this machine, explained while one watches."""
