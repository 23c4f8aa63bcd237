"""Trace: from a published figure to the rows, file and line, that it was made from.

`rows.yml` declares the kinds of rows, `marts/<subject>.yml` which of them make each measure of a mart.
"""
