/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "ports-file.h"

/* The mappings that "plumctl serve" holds, and their commands. */
typedef struct _ServedPorts ServedPorts;

typedef struct
{
  /* The text of a mapping, or how many are up, has changed. */
  void (*changed) (ServedPorts *self, PlumMapping *mapping, gpointer user_data);
  /* A port that is not in the file any more is no longer counted. */
  void (*removed) (ServedPorts *self, gpointer user_data);
} ServedPortsClient;

ServedPorts *served_ports_new (PlumManager *manager,
                               const ServedPortsClient *client,
                               gpointer user_data);
/* The manager must be closed. */
void served_ports_free (ServedPorts *self);

/* Adapts the mappings to the file. Ports that have not changed stay mapped.
 * mappings: (element-type PortsFileMapping) */
void served_ports_apply (ServedPorts *self, GPtrArray *mappings);
/* No command is run from now on, and no mapping is added. */
void served_ports_stop (ServedPorts *self);

guint served_ports_get_n (ServedPorts *self);
guint served_ports_get_n_up (ServedPorts *self);
