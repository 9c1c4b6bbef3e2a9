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
  gboolean hidden;         /* the other family has the mapping */

  PlumManager *manager; /* borrowed */
  GPtrArray *entries;   /* of PlumEntry, still to be deleted */
  UnmapJobFunc done;
  gpointer user_data;
};

UnmapJob *unmap_job_new (PlumProtocol protocol,
                         GSocketFamily family,
                         guint internal_port,
                         guint external_port,
                         GInetAddress *host);
void unmap_job_free (UnmapJob *self);
gboolean unmap_job_equal (const UnmapJob *self, const UnmapJob *other);
gboolean unmap_job_parse (
  GPtrArray *jobs, char **specs, gboolean ipv4, gboolean ipv6, GInetAddress *host);
gboolean unmap_job_has_host (const UnmapJob *self, GInetAddress *host);
void unmap_job_start (
  UnmapJob *self, PlumManager *manager, GPtrArray *entries, UnmapJobFunc done, gpointer user_data);
void unmap_job_merge_families (GPtrArray *jobs);
void unmap_job_print (const UnmapJob *self);
