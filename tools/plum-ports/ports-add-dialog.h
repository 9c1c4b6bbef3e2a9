/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <adwaita.h>
#include <plum-glib/plum-glib.h>

G_BEGIN_DECLS

#define PORTS_TYPE_ADD_DIALOG (ports_add_dialog_get_type ())

G_DECLARE_FINAL_TYPE (PortsAddDialog, ports_add_dialog, PORTS, ADD_DIALOG, AdwWindow)

GtkWindow *ports_add_dialog_new (GtkWindow *parent, PlumManager *manager);

G_END_DECLS
