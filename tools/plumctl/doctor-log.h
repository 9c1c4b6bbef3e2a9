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

/* The limits of a run, far above what a network without a fault needs. */
#define DOCTOR_LOG_MAX_EVENTS 1000 /* of each kind and backend */
#define DOCTOR_LOG_MAX_ANNOUNCEMENTS 200
#define DOCTOR_LOG_MAX_BYTES (4 * 1024 * 1024) /* of all packets and notes */
#define DOCTOR_LOG_MAX_DEVICES 256

/* The events, in order. A flood of one kind is cut, so that the others are still recorded. */
typedef struct
{
  gint64 start;         /* monotonic, us */
  GPtrArray *events;    /* of DoctorEvent */
  GHashTable *counts;   /* kind and backend -> number of events */
  GHashTable *devices;  /* gateway -> set of the addresses of other devices that answered */
  GHashTable *mismatch; /* set of the gateways that reported another router in between */
  gsize size;           /* bytes of all events */
  guint n_left_out;     /* events that were not recorded */
  guint64 size_left_out;
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
/* What was not recorded, for the user; NULL: nothing. */
char *doctor_log_describe_left_out (const DoctorLog *self);
/* Whether a backend has sent anything to a gateway. */
gboolean doctor_log_has_sent (const DoctorLog *self, PlumGateway *gateway, const char *backend);
/* Whether the gateway was asked by a protocol that may support this network. */
gboolean doctor_log_has_asked (const DoctorLog *self, PlumGateway *gateway, PlumProbe *probe);
gboolean doctor_log_has_mismatch (DoctorLog *self, PlumGateway *gateway);
/* For events with bytes only. */
gboolean doctor_event_is_search (const DoctorEvent *event);
