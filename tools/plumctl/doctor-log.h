/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <plum-glib/plum-glib.h>

/* An event of a backend: a packet sent or received, or a note. */
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

/* All events, in order. */
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
guint doctor_log_count_other_devices (DoctorLog *self, PlumGateway *gateway);
gboolean doctor_log_has_mismatch (DoctorLog *self, PlumGateway *gateway);
/* For events with bytes only. */
gboolean doctor_event_is_search (const DoctorEvent *event);
