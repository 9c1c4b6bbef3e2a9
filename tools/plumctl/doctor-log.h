/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <plum-glib/plum-glib.h>

/* Something that a backend sent, received or noted. */
typedef struct
{
  PlumGateway *gateway;
  char *backend;
  guint ms; /* since the start */
  PlumTrafficDirection direction;
  GInetSocketAddress *peer; /* NULL for a note */
  GBytes *bytes;            /* NULL for a note */
  char *note;
} DoctorEvent;

/* What happened, in order. */
typedef struct
{
  gint64 start;      /* monotonic, us */
  GPtrArray *events; /* of DoctorEvent */
} DoctorLog;

void doctor_log_init (DoctorLog *self);
void doctor_log_clear (DoctorLog *self);
void doctor_log_add_traffic (DoctorLog *self,
                             PlumGateway *gateway,
                             const char *backend,
                             PlumTrafficDirection direction,
                             GSocketAddress *peer,
                             GBytes *bytes);
void doctor_log_add_note (DoctorLog *self,
                          PlumGateway *gateway,
                          const char *backend,
                          const char *note);
char *doctor_log_describe_peer (const DoctorEvent *event);
guint doctor_log_count_strangers (DoctorLog *self, PlumGateway *gateway);
gboolean doctor_log_has_mismatch (DoctorLog *self, PlumGateway *gateway);
/* Of one with bytes. */
gboolean doctor_event_is_search (const DoctorEvent *event);
