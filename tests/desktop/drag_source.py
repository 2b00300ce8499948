"""A window that a file can be dragged out of, as a file manager has it: `drag_source.py FILE`. Run by the system's Python."""

import pathlib
import sys

import gi

for name in ("Gdk", "Gtk"):
    gi.require_version(name, "3.0")
from gi.repository import Gdk, Gtk  # noqa: E402  # the version has to be said before

window = Gtk.Window(title="Drag source")
area = Gtk.EventBox()
area.add(Gtk.Label(label="drag me"))
area.drag_source_set(Gdk.ModifierType.BUTTON1_MASK, [], Gdk.DragAction.COPY)
area.drag_source_add_uri_targets()
area.connect("drag-data-get", lambda _widget, _context, data, _target, _time: data.set_uris([pathlib.Path(sys.argv[1]).as_uri()]))
window.add(area)
window.set_default_size(160, 120)
window.connect("destroy", Gtk.main_quit)
window.show_all()
Gtk.main()
