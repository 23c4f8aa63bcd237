"""The monthly report of a store and the group view: content from published marts, written as HTML, PPTX and XLSX."""
