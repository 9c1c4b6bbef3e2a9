// SPDX-License-Identifier: LGPL-2.1-or-later

baseURLs = [
  ['GLib', 'https://docs.gtk.org/glib/'],
  ['GObject', 'https://docs.gtk.org/gobject/'],
  ['GModule', 'https://docs.gtk.org/gmodule/'],
  ['Gio', 'https://docs.gtk.org/gio/'],
];
