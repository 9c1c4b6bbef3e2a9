/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <adwaita.h>

G_BEGIN_DECLS

#define PORTS_TYPE_WINDOW (ports_window_get_type ())

G_DECLARE_FINAL_TYPE (PortsWindow, ports_window, PORTS, WINDOW, AdwApplicationWindow)

PortsWindow *ports_window_new (GtkApplication *application);

G_END_DECLS
