/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <adwaita.h>
#include <plum-glib/plum-glib.h>

G_BEGIN_DECLS

#define PORTS_TYPE_MAPPING_ROW (ports_mapping_row_get_type ())

G_DECLARE_FINAL_TYPE (PortsMappingRow, ports_mapping_row, PORTS, MAPPING_ROW, AdwActionRow)

GtkWidget *ports_mapping_row_new (PlumMapping *mapping);

G_END_DECLS
