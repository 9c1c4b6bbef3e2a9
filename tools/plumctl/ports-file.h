/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <plum-glib/plum-glib.h>

/* A longer file is an error: a wrong path must not fill the memory. */
#define PORTS_FILE_MAX_SIZE (1024 * 1024)

/* The most mappings of a file: an error in it must not fill the router's table. */
#define PORTS_FILE_MAX_MAPPINGS 1024u

/* One mapping of a ports file. */
typedef struct
{
  PlumProtocol protocol;
  GSocketFamily family;
  guint internal_port;
  guint external_port; /* 0: no preference */
  gboolean exact;
  char *description;           /* (nullable) */
  GInetAddress *local_address; /* (nullable) */
  GInetAddress *host;          /* (nullable): another one that the port is of */
  GListModel *from;            /* (nullable) (element-type GInetAddressMask), not empty */
  char **on_change;            /* (nullable): the command and its arguments */
  guint line;                  /* of its group */
} PortsFileMapping;

PortsFileMapping *ports_file_mapping_copy (const PortsFileMapping *self);
void ports_file_mapping_free (PortsFileMapping *self);
/* Identifies the port of this computer, for example "tcp 8080 ipv4". (transfer full) */
char *ports_file_mapping_make_key (const PortsFileMapping *self);
/* The external port that the router is asked for. */
guint ports_file_mapping_get_external_port (const PortsFileMapping *self);
/* Whether both lead to the same request: only the command and the line may differ. */
gboolean ports_file_mapping_is_same_request (const PortsFileMapping *a, const PortsFileMapping *b);

/* Parses the text of a ports file. The message of an error begins with the number of the line.
 * (element-type PortsFileMapping) (transfer full) */
GPtrArray *ports_file_parse (const char *text, gsize length, GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (PortsFileMapping, ports_file_mapping_free)
