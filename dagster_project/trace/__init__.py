"""Trace: from a published figure to the rows, file and line, that it was made from.

`rows.yml` says what the rows of a figure can be, `marts/<subject>.yml` which of them make each measure of a mart.
"""
