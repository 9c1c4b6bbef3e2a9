/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <plum-glib/plum-glib.h>

#include "unmap-outcome.h"

typedef struct _UnmapJob UnmapJob;
typedef void (*UnmapJobFunc) (UnmapJob *job, gpointer user_data);

/* The removal of one port. */
struct _UnmapJob
{
  PlumProtocol protocol;
  GSocketFamily family;
  guint internal_port;
  guint external_port; /* 0: any */
  GInetAddress *host;  /* nullable: of --for */

  UnmapOutcome outcome;
  char *message;           /* nullable */
  gboolean may_be_nothing; /* nothing shows that the mapping existed */
  gboolean is_recorded;    /* on the first router */
  gboolean asks_beyond;    /* routers beyond the first one are recorded to lead here */
  gboolean has_entry;      /* the outcome includes that of an entry */
  gboolean decided;        /* the outcome is final */
  gboolean hidden;         /* the other family has the mapping */

  PlumManager *manager; /* borrowed; NULL: not started */
  gint64 started;       /* µs, of g_get_monotonic_time() */
  GPtrArray *entries;   /* of PlumEntry, still to be deleted */
  UnmapJobFunc done;    /* NULL: given up, or not started */
  gpointer user_data;
};

UnmapJob *unmap_job_new (PlumProtocol protocol,
                         GSocketFamily family,
                         guint internal_port,
                         guint external_port,
                         GInetAddress *host);
void unmap_job_unref (UnmapJob *self);
void unmap_job_add (GPtrArray *jobs, GSocketFamily family, PlumEntry *entry, GInetAddress *host);
gboolean unmap_job_parse (
  GPtrArray *jobs, char **specs, gboolean ipv4, gboolean ipv6, GInetAddress *host);
gboolean unmap_job_has_host (const UnmapJob *self, GInetAddress *host);
void unmap_job_start (
  UnmapJob *self, PlumManager *manager, GPtrArray *entries, UnmapJobFunc done, gpointer user_data);
void unmap_job_give_up (UnmapJob *self, const char *message);
gboolean unmap_job_is_same_port (const UnmapJob *self, const UnmapJob *other);
void unmap_job_merge_families (UnmapJob *ipv4, UnmapJob *ipv6, gboolean any_family);
void unmap_job_print (const UnmapJob *self);
